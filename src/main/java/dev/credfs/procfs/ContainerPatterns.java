package dev.credfs.procfs;

import dev.credfs.policy.Container;
import dev.credfs.policy.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where in the cgroup tree containers live: a table of anchored patterns, one or two for each runtime, and what the operator
 * adds to it.
 *
 * <p>A pattern covers a cgroup and everything below it. Of one line the shallowest match counts, because whatever stands
 * deeper was made inside that container. A process has a line for each hierarchy (cgroup v1, hybrid); those that name a
 * container must all name the same one.
 *
 * <p>Only root makes cgroups at the places of the table, with two exceptions, and there the id says whose word it is: in the
 * tree that systemd delegates to a user it is {@code <uid>/<id>} (rootless podman, docker, runc), below a service
 * {@code <unit>/<id>} (podman with {@code --cgroups=split}, as a quadlet does). So a user who names a cgroup after somebody
 * else's container does not become that container.
 *
 * <p>{@code libpod-conmon-<id>.scope} and {@code crio-conmon-<id>.scope} hold the runtime's monitor, not the workload: host.
 */
public final class ContainerPatterns {
    /** The length of a digest in hex, which docker, podman, containerd and CRI-O use for ids. */
    private static final String HEX_ID = "(?<id>[0-9a-f]{64})";
    /** What runc accepts as an id (libcontainer, {@code idRegex}), up to a length. */
    private static final String FREE_ID = "(?<id>[A-Za-z0-9_.+-]{1,128})";

    private static final String END = "(?=/|$)";
    /** Slices of the system manager, one below the other; the users' slice is another matter. */
    private static final String SLICES = "(?!/user\\.slice/)(?:/[^/]++\\.slice)++";

    private static final String USER_MANAGER = "/user\\.slice/user-(?<by>[0-9]{1,10})\\.slice/user@\\k<by>\\.service";

    private static final List<Pattern> KNOWN = List.of(
            // systemd cgroup driver of docker, podman, CRI-O, containerd and nerdctl; Kubernetes' slices, kind's and
            // ECS's too
            of(SLICES + "/(?:docker|libpod|crio|cri-containerd|nerdctl)-" + HEX_ID + "\\.scope"),
            // runc --systemd-cgroup: slice:prefix:id, by default system.slice:runc:<id>
            of(SLICES + "/runc-" + FREE_ID + "\\.scope"),
            // docker, cgroupfs driver
            of("/docker/" + HEX_ID),
            // podman, cgroupfs driver, in a pod or alone
            of("/libpod_parent(?:/[0-9a-f]{64})?/libpod-" + HEX_ID),
            // Kubernetes, cgroupfs driver: containerd and docker write the bare id, CRI-O a prefix
            of("(?:/kubelet)?/kubepods(?:/(?:burstable|besteffort))?/pod[A-Za-z0-9_-]+/(?:crio-)?" + HEX_ID),
            // containerd told to use cgroupfs with a kubelet that uses systemd: slice:prefix:id taken as a name
            of("(?:/system\\.slice/containerd\\.service)?/kubepods[^/:]*-pod[^/:]+\\.slice:cri-containerd:" + HEX_ID),
            // containerd's namespace "default": nerdctl, cgroupfs driver
            of("/default/" + HEX_ID),
            // runc, cgroupfs driver, with the cgroupsPath that our documentation uses
            of("/runc/" + FREE_ID),
            // podman --cgroups=split (quadlets): the unit chooses, so it is named
            of(SLICES + "/(?<by>[A-Za-z0-9_.@-]{1,128}\\.service)/libpod-payload-" + HEX_ID),
            // rootless: everything below the user's own manager is the user's word
            of(USER_MANAGER + "(?:/[^/]++)*?/(?:docker|libpod|crio|nerdctl)-" + HEX_ID + "\\.scope"),
            of(USER_MANAGER + "(?:/[^/]++)*?/libpod-payload-" + HEX_ID),
            of(USER_MANAGER + "(?:/[^/]++)*?/runc-" + FREE_ID + "\\.scope"));

    private static final String UNITS = "slice|scope|service|mount|automount|socket|swap";
    private static final int LONGEST_PATTERN = 1024;

    private final List<Pattern> patterns;

    private ContainerPatterns(List<Pattern> patterns) {
        this.patterns = patterns;
    }

    private static Pattern of(String regex) {
        return Pattern.compile(regex + END);
    }

    /** The runtimes' own places, without any of the operator's. */
    public static ContainerPatterns known() {
        return new ContainerPatterns(KNOWN);
    }

    /**
     * These, and one more place: a cgroup path in which one {@code *} stands for the id, as in {@code /ci/job-*.scope} or
     * {@code /my/prefix/*}. The star covers one segment or a part of one; alone in its segment it does not cover the name of
     * a systemd unit. Whoever adds a place answers for it that only the runtime can make cgroups there.
     *
     * @throws IllegalArgumentException saying in one line what is wrong with {@code text}
     */
    public ContainerPatterns with(String text) {
        if (!text.startsWith("/") || text.endsWith("/") || text.length() > LONGEST_PATTERN) {
            throw new IllegalArgumentException("'" + text + "': a cgroup path begins with '/' and ends without one");
        }
        StringBuilder regex = new StringBuilder();
        int stars = 0;
        for (String segment : text.substring(1).split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                throw new IllegalArgumentException("'" + text + "': an empty or dot segment is in no cgroup path");
            }
            regex.append('/');
            if (segment.equals("*")) {
                regex.append("(?![^/]*\\.(?:").append(UNITS).append(")(?:/|$))");
            }
            int from = 0;
            for (int star = segment.indexOf('*'); star >= 0; star = segment.indexOf('*', from)) {
                stars++;
                regex.append(Pattern.quote(segment.substring(from, star))).append(stars == 1 ? FREE_ID : "");
                from = star + 1;
            }
            regex.append(Pattern.quote(segment.substring(from)));
        }
        if (stars != 1) {
            throw new IllegalArgumentException("'" + text + "': exactly one '*' stands for the container's id");
        }
        List<Pattern> more = new ArrayList<>(patterns);
        more.add(of(regex.toString()));
        return new ContainerPatterns(List.copyOf(more));
    }

    /**
     * The container that a process with this cgroup file is in, or {@link Container#HOST}.
     *
     * @param cgroup the content of {@code /proc/<pid>/cgroup}: lines {@code number:controllers:/path}
     */
    Container containerOf(String cgroup) throws RefusedException {
        if (!cgroup.endsWith("\n")) {
            throw Doubt.because(cgroup.isEmpty() ? "its cgroup file is empty" : "its cgroup file is cut off");
        }
        Container found = Container.HOST;
        int from = 0;
        while (from < cgroup.length()) {
            int end = cgroup.indexOf('\n', from);
            Container here = containerAt(path(cgroup.substring(from, end)));
            if (!here.isHost() && !found.isHost() && !here.equals(found)) {
                throw Doubt.because("its cgroups name two containers, " + found + " and " + here);
            }
            found = here.isHost() ? found : here;
            from = end + 1;
        }
        return found;
    }

    /** A path can hold colons (containerd writes such), so it is what follows the second one. */
    private static String path(String line) throws RefusedException {
        int second = line.indexOf(':', line.indexOf(':') + 1);
        if (second < 0 || !line.startsWith("/", second + 1)) {
            throw Doubt.because("its cgroup file is not understood");
        }
        String path = line.substring(second + 1);
        if (path.equals("/..") || path.startsWith("/../")) {
            throw Doubt.because("it is outside the cgroup namespace that credfs runs in: run credfs on the host");
        }
        if (path.endsWith(" (deleted)")) {
            throw Doubt.because("its cgroup has been removed");
        }
        return path;
    }

    private Container containerAt(String path) throws RefusedException {
        Container shallowest = Container.HOST;
        int depth = Integer.MAX_VALUE;
        for (Pattern pattern : patterns) {
            Matcher matcher = pattern.matcher(path);
            if (!matcher.lookingAt() || matcher.end() > depth) {
                continue;
            }
            String by = pattern.pattern().contains("(?<by>") ? matcher.group("by") + "/" : "";
            Container here = new Container(by + matcher.group("id"));
            if (matcher.end() == depth && !here.equals(shallowest)) {
                throw Doubt.because("its cgroup " + path + " can be read as " + shallowest + " and as " + here);
            }
            shallowest = here;
            depth = matcher.end();
        }
        return shallowest;
    }
}
