package dev.credfs.caveat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * A pattern over whole paths, anchored at both ends; its wildcards are told in the package documentation.
 *
 * <p>A character that cannot stand in a caveat as itself (a space, anything beyond ASCII) is written as a percent escape
 * with upper-case digits, and no other character is; {@code %2A} is a star that is not a wildcard.
 */
public final class PathGlob {
    private static final String ANY_SEGMENTS = "**";
    private static final String PUNCTUATION = "-._~!$&'()+,=:@";

    private final String text;
    private final List<String> segments;

    private PathGlob(String text, List<String> segments) {
        this.text = text;
        this.segments = segments;
    }

    /**
     * Reads a glob such as {@code /repos/acme/**}.
     *
     * @throws CaveatSyntaxException at the first character that is not of a glob
     */
    public static PathGlob parse(String text) throws CaveatSyntaxException {
        if (!text.startsWith("/")) {
            throw new CaveatSyntaxException(text, 0, "a path begins with '/'");
        }
        List<String> segments = new ArrayList<>();
        int start = 1;
        while (true) {
            int end = text.indexOf('/', start);
            boolean last = end < 0;
            segments.add(segment(text, start, last ? text.length() : end, last));
            if (last) {
                return new PathGlob(text, List.copyOf(segments));
            }
            start = end + 1;
        }
    }

    private static String segment(String text, int start, int end, boolean last) throws CaveatSyntaxException {
        String raw = text.substring(start, end);
        if (raw.isEmpty() && !last) {
            throw new CaveatSyntaxException(text, start, "an empty segment matches no path");
        }
        if (raw.equals(".") || raw.equals("..")) {
            throw new CaveatSyntaxException(text, start, "a dot segment matches no path");
        }
        if (raw.equals(ANY_SEGMENTS)) {
            return raw;
        }
        StringBuilder decoded = new StringBuilder(end - start);
        boolean escaped = false;
        for (int i = start; i < end; i++) {
            char c = text.charAt(i);
            if (c == '*') {
                if (i + 1 < end && text.charAt(i + 1) == '*') {
                    throw new CaveatSyntaxException(text, i, "'**' stands alone between slashes");
                }
                decoded.append(c);
            } else if (c == '%') {
                decoded.append(escape(text, i, end));
                escaped = true;
                i += 2;
            } else if (Scan.isAlphanumeric(c) || PUNCTUATION.indexOf(c) >= 0) {
                decoded.append(c);
            } else {
                throw new CaveatSyntaxException(text, i, "not a character of a path");
            }
        }
        // A star that ends or begins within a character would be such a segment too.
        if (escaped && !Scan.isUtf8(decoded.toString())) {
            throw new CaveatSyntaxException(text, start, "matches no path: a segment that is not UTF-8 is refused");
        }
        return decoded.toString();
    }

    private static char escape(String text, int at, int end) throws CaveatSyntaxException {
        if (at + 2 >= end) {
            throw new CaveatSyntaxException(text, at, "expected two hex digits after '%'");
        }
        String digits = text.substring(at + 1, at + 3);
        if (!HexFormat.isHexDigit(digits.charAt(0))
                || !HexFormat.isHexDigit(digits.charAt(1))
                || !digits.equals(digits.toUpperCase(Locale.ROOT))) {
            throw new CaveatSyntaxException(text, at, "expected two upper-case hex digits after '%'");
        }
        char c = (char) HexFormat.fromHexDigits(digits);
        if (c == '*') {
            // No decoded path holds it, since control characters are refused.
            return Wildcard.LITERAL_STAR;
        }
        if (Scan.isAlphanumeric(c) || PUNCTUATION.indexOf(c) >= 0) {
            throw new CaveatSyntaxException(text, at, "write '" + c + "' as itself");
        }
        if (c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == '%' || c == ';') {
            throw new CaveatSyntaxException(text, at, "matches no path: a request with this character is refused");
        }
        return c;
    }

    /**
     * Whether the whole path is covered. Linear in practice; at worst each character of the glob meets each of the path once,
     * since only the last {@code **}, and within a segment the last {@code *}, is retried. The size of a token bounds the
     * characters of all its globs.
     */
    boolean covers(RequestPath path) {
        List<String> names = path.segments();
        int name = 0;
        int pattern = 0;
        int retryPattern = -1;
        int retryName = -1;
        while (name < names.size()) {
            if (pattern < segments.size() && segments.get(pattern).equals(ANY_SEGMENTS)) {
                retryPattern = pattern++;
                retryName = name;
            } else if (pattern < segments.size() && segmentCovers(segments.get(pattern), names.get(name))) {
                pattern++;
                name++;
            } else if (retryPattern >= 0) {
                pattern = retryPattern + 1;
                name = ++retryName;
            } else {
                return false;
            }
        }
        while (pattern < segments.size() && segments.get(pattern).equals(ANY_SEGMENTS)) {
            pattern++;
        }
        return pattern == segments.size();
    }

    private static boolean segmentCovers(String pattern, String name) {
        return pattern.equals("*") ? !name.isEmpty() : Wildcard.covers(pattern, name);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PathGlob that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
