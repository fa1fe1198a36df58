package dev.credfs.procfs;

import dev.credfs.policy.Container;
import dev.credfs.policy.RefusedException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    /** Segments of a scope that a runtime asks systemd for; in which slice is its user's choice. */
    private static final List<SegmentPattern> SCOPES = segments(
            "docker-#.scope",
            "libpod-#.scope",
            "cri-containerd-#.scope",
            "crio-#.scope",
            "nerdctl-#.scope",
            // runc --systemd-cgroup: slice:prefix:id, by default system.slice:runc:<id>
            "runc-*.scope");

    /** Podman with {@code --cgroups=split}: within the unit that it was started by. */
    private static final SegmentPattern PAYLOAD = SegmentPattern.of("libpod-payload-#");

    private static final List<Place> KNOWN = List.of(
            // docker, cgroupfs driver
            Place.of("/docker/#"),
            // podman, cgroupfs driver: alone, in a pod
            Place.of("/libpod_parent/libpod-#"),
            Place.of("/libpod_parent/?/libpod-#"),
            // Kubernetes, cgroupfs driver: containerd and docker write the bare id, CRI-O a prefix; kind puts a parent
            // above
            Place.of("/kubepods/pod?/#"),
            Place.of("/kubepods/?/pod?/#"),
            Place.of("/kubepods/pod?/crio-#"),
            Place.of("/kubepods/?/pod?/crio-#"),
            Place.of("/kubelet/kubepods/pod?/#"),
            Place.of("/kubelet/kubepods/?/pod?/#"),
            // containerd on cgroupfs below a kubelet on systemd: slice:prefix:id taken as a name
            Place.of("/kubepods?.slice:cri-containerd:#"),
            Place.of("/system.slice/containerd.service/kubepods?.slice:cri-containerd:#"),
            // nerdctl, cgroupfs driver, in containerd's namespace "default"
            Place.of("/default/#"),
            // runc, cgroupfs driver, with the cgroupsPath that our documentation uses
            Place.of("/runc/*"));

    private static final int LONGEST_PATTERN = 1024;

    private final List<Place> places;
    private final List<String> added;

    /**
     * A container named by a path.
     *
     * @param depth index of the segment with its id
     */
    private record Found(int depth, Container container) {}

    /** A path from the root of the tree, segment by segment; {@code idAt} is the one with the id. */
    private record Place(List<SegmentPattern> segments, int idAt) {
        static Place of(String text) {
            List<SegmentPattern> segments =
                    ContainerPatterns.segments(text.substring(1).split("/", -1));
            int idAt = 0;
            while (!segments.get(idAt).hasId()) {
                idAt++;
            }
            return new Place(segments, idAt);
        }

        @Nullable
        Found find(String[] path) {
            if (path.length < segments.size()) {
                return null;
            }
            for (int i = 0; i < segments.size(); i++) {
                if (!segments.get(i).covers(path[i])) {
                    return null;
                }
            }
            return new Found(idAt, new Container(segments.get(idAt).idIn(path[idAt])));
        }
    }

    private ContainerPatterns(List<Place> places, List<String> added) {
        this.places = List.copyOf(places);
        this.added = List.copyOf(added);
    }

    private static List<SegmentPattern> segments(String... texts) {
        List<SegmentPattern> segments = new ArrayList<>();
        for (String text : texts) {
            segments.add(SegmentPattern.of(text));
        }
        return List.copyOf(segments);
    }

    /** The runtimes' own places, without any of the operator's. */
    public static ContainerPatterns known() {
        return new ContainerPatterns(KNOWN, List.of());
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
        for (String segment : text.substring(1).split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                throw new IllegalArgumentException("'" + text + "': an empty or dot segment is in no cgroup path");
            }
        }
        if (text.indexOf('?') >= 0 || text.indexOf('#') >= 0) {
            throw new IllegalArgumentException(
                    "'" + text + "': '?' and '#' are not wildcards here: '*' is the only one");
        }
        if (text.indexOf('*') < 0 || text.indexOf('*') != text.lastIndexOf('*')) {
            throw new IllegalArgumentException("'" + text + "': exactly one '*' stands for the container's id");
        }
        List<Place> more = new ArrayList<>(places);
        more.add(Place.of(text));
        List<String> moreAdded = new ArrayList<>(added);
        moreAdded.add(text);
        return new ContainerPatterns(more, moreAdded);
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
        String[] segments = path.substring(1).split("/", -1);
        Found shallowest = inSlices(segments);
        for (Place place : places) {
            Found here = place.find(segments);
            if (here == null || (shallowest != null && here.depth() > shallowest.depth())) {
                continue;
            }
            if (shallowest != null
                    && here.depth() == shallowest.depth()
                    && !here.container().equals(shallowest.container())) {
                throw Doubt.because("its cgroup " + path + " can be read as " + shallowest.container() + " and as "
                        + here.container());
            }
            shallowest = here;
        }
        return shallowest == null ? Container.HOST : shallowest.container();
    }

    /** What systemd was asked to make: directly below slices of the system, or anywhere below a user's own manager. */
    private static @Nullable Found inSlices(String[] path) {
        if (path[0].equals("user.slice")) {
            return ofAUser(path);
        }
        int slices = 0;
        while (slices < path.length && path[slices].endsWith(".slice")) {
            slices++;
        }
        if (slices == 0 || slices == path.length) {
            return null;
        }
        String unit = path[slices];
        for (SegmentPattern scope : SCOPES) {
            if (scope.covers(unit)) {
                return new Found(slices, new Container(scope.idIn(unit)));
            }
        }
        if (unit.endsWith(".service") && slices + 1 < path.length && PAYLOAD.covers(path[slices + 1])) {
            return new Found(slices + 1, Container.delegated(unit, PAYLOAD.idIn(path[slices + 1])));
        }
        return null;
    }

    private static @Nullable Found ofAUser(String[] path) {
        if (path.length < 4 || !path[1].startsWith("user-") || !path[1].endsWith(".slice")) {
            return null;
        }
        String uid = path[1].substring("user-".length(), path[1].length() - ".slice".length());
        if (!path[2].equals("user@" + uid + ".service")) {
            return null;
        }
        for (int i = 3; i < path.length; i++) {
            if (PAYLOAD.covers(path[i])) {
                return new Found(i, Container.delegated(uid, PAYLOAD.idIn(path[i])));
            }
            for (SegmentPattern scope : SCOPES) {
                if (scope.covers(path[i])) {
                    return new Found(i, Container.delegated(uid, scope.idIn(path[i])));
                }
            }
        }
        return null;
    }

    /** The same places were added, in the same order. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ContainerPatterns that && added.equals(that.added);
    }

    @Override
    public int hashCode() {
        return added.hashCode();
    }
}
