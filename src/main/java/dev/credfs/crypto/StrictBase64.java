package dev.credfs.crypto;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/**
 * Base64 with the URL alphabet, without padding, where each byte string has exactly one spelling (RFC 4648 §3.5, §5).
 */
public final class StrictBase64 {
    private StrictBase64() {}

    /** The one spelling of {@code bytes}, as ASCII. */
    public static byte[] encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encode(bytes);
    }

    /** How many bytes {@link #encode} makes of so many. */
    public static int encodedLength(int bytes) {
        return (bytes * 4 + 2) / 3;
    }

    /**
     * The bytes that {@code ascii} spells.
     *
     * @param ascii text with nothing around it: no white space, no padding, no {@code +} or {@code /}
     * @throws IllegalArgumentException if {@code ascii} is not the one spelling of some bytes; the message quotes none of it
     */
    public static byte[] decode(byte[] ascii) {
        byte[] decoded;
        try {
            decoded = Base64.getUrlDecoder().decode(ascii);
        } catch (IllegalArgumentException e) {
            // The JDK's message quotes the offending character of what may be a secret.
            throw new IllegalArgumentException("not base64url without padding" + hint(ascii));
        }
        // The JDK's decoder takes padding, and whatever bits are left over in the last character; nothing else it takes
        // is
        // a second spelling.
        int last = decoded.length / 3;
        byte[] lastBytes = Arrays.copyOfRange(decoded, 3 * last, decoded.length);
        if (!Arrays.equals(encode(lastBytes), Arrays.copyOfRange(ascii, 4 * last, ascii.length))) {
            throw new IllegalArgumentException("not the canonical base64url of its bytes" + hint(ascii));
        }
        return decoded;
    }

    private static String hint(byte[] ascii) {
        String text = new String(ascii, StandardCharsets.ISO_8859_1);
        if (text.indexOf('=') >= 0) {
            return ": remove the padding '='";
        }
        if (text.indexOf('+') >= 0 || text.indexOf('/') >= 0) {
            return ": '+' and '/' belong to the other alphabet, use '-' and '_'";
        }
        if (text.chars().anyMatch(Character::isWhitespace)) {
            return ": remove the white space";
        }
        return "";
    }
}
