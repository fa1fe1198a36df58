package dev.credfs.gateway;

import java.io.ByteArrayOutputStream;

/** Percent escapes (RFC 3986 §2.1), as bytes: what they encode may be a credential. */
final class PercentEncoding {
    private static final String UNRESERVED = "-._~";
    private static final String UPPER_DIGITS = "0123456789ABCDEF";
    private static final String LOWER_DIGITS = "0123456789abcdef";

    private PercentEncoding() {}

    /** Everything but unreserved characters escaped, with upper-case digits. */
    static byte[] upperCase(byte[] bytes) {
        return encode(bytes, UPPER_DIGITS);
    }

    /** Everything but unreserved characters escaped, with lower-case digits. */
    static byte[] lowerCase(byte[] bytes) {
        return encode(bytes, LOWER_DIGITS);
    }

    private static byte[] encode(byte[] bytes, String digits) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length * 3);
        for (byte b : bytes) {
            char c = (char) (b & 0xff);
            boolean plain = (c >= '0' && c <= '9')
                    || (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || UNRESERVED.indexOf(c) >= 0;
            if (plain) {
                out.write(c);
            } else {
                out.write('%');
                out.write(digits.charAt(c >> 4));
                out.write(digits.charAt(c & 15));
            }
        }
        return out.toByteArray();
    }

    /** The name of a query parameter decoded as forms do: {@code +} is a blank, a broken escape stands for itself. */
    static String decodeLeniently(String text) {
        StringBuilder decoded = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '%' && i + 2 < text.length()) {
                int high = Character.digit(text.charAt(i + 1), 16);
                int low = Character.digit(text.charAt(i + 2), 16);
                if (high >= 0 && low >= 0) {
                    decoded.append((char) (high << 4 | low));
                    i += 2;
                    continue;
                }
            }
            decoded.append(c == '+' ? ' ' : c);
        }
        return decoded.toString();
    }
}
