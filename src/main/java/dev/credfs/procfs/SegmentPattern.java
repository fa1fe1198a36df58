package dev.credfs.procfs;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One segment of a cgroup path, with at most one place for a container's id. In its text {@code *} is an id such as runc
 * accepts, {@code #} one of 64 hex digits, {@code ?} anything but nothing; all else stands for itself.
 *
 * <p>It is matched segment by segment, and never a whole path by one expression: whoever may make cgroups can make them deep,
 * and the JDK matches a repeated group by recursion.
 */
record SegmentPattern(Pattern pattern, boolean hasId) {
    /** A digest in hex, which docker, podman, containerd and CRI-O use for ids. */
    private static final String DIGEST = "([0-9a-f]{64})";
    /** What runc accepts as an id (libcontainer, {@code idRegex}), up to a length. */
    private static final String FREE_ID = "([A-Za-z0-9_.+-]{1,128})";

    private static final String NOT_A_UNIT = "(?!.*\\.(?:slice|scope|service|mount|automount|socket|swap)$)";

    static SegmentPattern of(String text) {
        // Alone, a star would take the host's own units for containers.
        StringBuilder regex = new StringBuilder(text.equals("*") ? NOT_A_UNIT : "");
        boolean hasId = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '*' -> regex.append(FREE_ID);
                case '#' -> regex.append(DIGEST);
                case '?' -> regex.append(".+");
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
            hasId |= c == '*' || c == '#';
        }
        return new SegmentPattern(Pattern.compile(regex.toString(), Pattern.DOTALL), hasId);
    }

    boolean covers(String segment) {
        return pattern.matcher(segment).matches();
    }

    /** The id in a segment that this pattern covers. */
    String idIn(String segment) {
        Matcher matcher = pattern.matcher(segment);
        if (!hasId || !matcher.matches()) {
            throw new IllegalArgumentException("'" + segment + "' is not covered by " + pattern);
        }
        return matcher.group(1);
    }
}
