package dev.credfs.caveat;

/**
 * A star that stands for any characters, none as well, within one segment of a path or of a name. Linear in practice and
 * quadratic at worst, since only the last star is tried again.
 */
public final class Wildcard {
    /** Written in a pattern for a star that is none; no name that is matched holds it. */
    static final char LITERAL_STAR = 1;

    private Wildcard() {}

    /** Whether {@code pattern} covers the whole of {@code segment}. */
    public static boolean covers(String pattern, String segment) {
        int s = 0;
        int p = 0;
        int retryPattern = -1;
        int retrySegment = -1;
        while (s < segment.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                retryPattern = p++;
                retrySegment = s;
            } else if (p < pattern.length() && literal(pattern.charAt(p)) == segment.charAt(s)) {
                p++;
                s++;
            } else if (retryPattern >= 0) {
                p = retryPattern + 1;
                s = ++retrySegment;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }

    private static char literal(char c) {
        return c == LITERAL_STAR ? '*' : c;
    }
}
