package dev.credfs.caveat;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The path of a request, percent-decoded once and in the one form that both we and the upstream understand alike.
 *
 * <p>Whatever two servers are known to read differently is refused instead of normalised: an encoded slash or backslash, a
 * backslash, NUL and other control characters, an empty segment, {@code .} and {@code ..} (written or encoded), a percent
 * sign that survives decoding (double encoding), {@code ;} (path parameters: {@code /..;/}) and bytes that are not UTF-8
 * ({@code %c0%af} is a slash to a lenient decoder).
 */
public final class RequestPath {
    private static final int MAX_CHARACTERS = 8192;
    /** RFC 3986 pchar without {@code ;} and {@code %}, plus the slash. */
    private static final String PUNCTUATION = "-._~!$&'()*+,=:@/";

    private final String text;
    private final List<String> segments;

    private RequestPath(String text, List<String> segments) {
        this.text = text;
        this.segments = segments;
    }

    /**
     * Reads a path as it stands on a request line, without its query.
     *
     * @throws CaveatSyntaxException at the character that makes it ambiguous
     */
    public static RequestPath parse(String raw) throws CaveatSyntaxException {
        if (!raw.startsWith("/")) {
            throw new CaveatSyntaxException(raw, 0, "a path begins with '/'");
        }
        if (raw.length() > MAX_CHARACTERS) {
            throw new CaveatSyntaxException(raw, MAX_CHARACTERS, "a path has at most 8192 characters");
        }
        List<String> segments = new ArrayList<>();
        StringBuilder segment = new StringBuilder();
        int segmentStart = 1;
        for (int i = 1; i <= raw.length(); i++) {
            boolean last = i == raw.length();
            if (last || raw.charAt(i) == '/') {
                checkSegment(raw, segmentStart, segment, last);
                segments.add(segment.toString());
                segment.setLength(0);
                segmentStart = i + 1;
            } else if (raw.charAt(i) == '%') {
                segment.append(decodeEscape(raw, i));
                i += 2;
            } else {
                char c = raw.charAt(i);
                if (!Scan.isAlphanumeric(c) && PUNCTUATION.indexOf(c) < 0) {
                    throw new CaveatSyntaxException(raw, i, "not a character of a path");
                }
                segment.append(c);
            }
        }
        return new RequestPath(raw, List.copyOf(segments));
    }

    private static void checkSegment(String raw, int start, CharSequence decoded, boolean last)
            throws CaveatSyntaxException {
        String segment = decoded.toString();
        // The last one may be empty: that is a trailing slash, and the root.
        if (segment.isEmpty() && !last) {
            throw new CaveatSyntaxException(raw, start, "an empty segment");
        }
        if (segment.equals(".") || segment.equals("..")) {
            throw new CaveatSyntaxException(raw, start, "a dot segment");
        }
        if (!Scan.isUtf8(segment)) {
            throw new CaveatSyntaxException(raw, start, "a segment that is not UTF-8");
        }
    }

    private static char decodeEscape(String raw, int at) throws CaveatSyntaxException {
        if (at + 2 >= raw.length()
                || !HexFormat.isHexDigit(raw.charAt(at + 1))
                || !HexFormat.isHexDigit(raw.charAt(at + 2))) {
            throw new CaveatSyntaxException(raw, at, "expected two hex digits after '%'");
        }
        char decoded = (char) HexFormat.fromHexDigits(raw, at + 1, at + 3);
        if (decoded < ' ' || decoded == 0x7f) {
            throw new CaveatSyntaxException(raw, at, "an encoded control character");
        }
        if (decoded == '/' || decoded == '\\' || decoded == '%' || decoded == ';') {
            throw new CaveatSyntaxException(raw, at, "an encoded '" + decoded + "'");
        }
        return decoded;
    }

    /**
     * The decoded segments, each character one byte (UTF-8 stays encoded as its bytes); the last is empty for a path that
     * ends with a slash.
     */
    List<String> segments() {
        return segments;
    }

    /** The path as it was written. */
    @Override
    public String toString() {
        return text;
    }
}
