package dev.credfs.audit;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;

/**
 * The members of a JSON object, written as printable ASCII. It stands in the way of every token, so it is not Jackson's
 * generator (2.9 instead of 4.1 µs for a minted record); Jackson reads in the tests what it wrote.
 */
final class JsonLine {
    private static final int USUAL_BYTES = 1024;
    private static final int LONGEST_ESCAPE = 6;
    private static final int LONGEST_TIME = "\"2026-01-02T03:04:05.123456789Z\"".length();
    private static final long YEAR_10000 = 253_402_300_800L;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    /** The characters that stand for themselves. */
    private static final boolean[] PLAIN = plainCharacters();

    private byte[] bytes = new byte[USUAL_BYTES];
    private int length;
    /** True before the first member of an object or array. */
    private boolean first = true;

    void text(String name, String value) {
        name(name);
        string(value);
    }

    void number(String name, long value) {
        name(name);
        ascii(Long.toString(value));
    }

    void bool(String name, boolean value) {
        name(name);
        ascii(Boolean.toString(value));
    }

    /** As {@link Instant#toString} has it, which takes ten times as long. */
    void time(String name, Instant time) {
        name(name);
        long second = time.getEpochSecond();
        if (second < 0 || second >= YEAR_10000) {
            string(time.toString());
            return;
        }
        LocalDateTime utc = LocalDateTime.ofEpochSecond(second, 0, ZoneOffset.UTC);
        reserve(LONGEST_TIME);
        digits('"', utc.getYear(), 4);
        digits('-', utc.getMonthValue(), 2);
        digits('-', utc.getDayOfMonth(), 2);
        digits('T', utc.getHour(), 2);
        digits(':', utc.getMinute(), 2);
        digits(':', utc.getSecond(), 2);
        int nanos = time.getNano();
        if (nanos % 1_000 != 0) {
            digits('.', nanos, 9);
        } else if (nanos % 1_000_000 != 0) {
            digits('.', nanos / 1_000, 6);
        } else if (nanos != 0) {
            digits('.', nanos / 1_000_000, 3);
        }
        bytes[length++] = 'Z';
        bytes[length++] = '"';
    }

    private void digits(char before, int number, int count) {
        bytes[length++] = (byte) before;
        int left = number;
        for (int i = length + count - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + left % 10);
            left /= 10;
        }
        length += count;
    }

    void startObject(String name) {
        name(name);
        start('{');
    }

    void endObject() {
        end('}');
    }

    void startArray(String name) {
        name(name);
        start('[');
    }

    void element(String value) {
        separate();
        string(value);
    }

    void endArray() {
        end(']');
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    private void start(char bracket) {
        reserve(1);
        bytes[length++] = (byte) bracket;
        first = true;
    }

    private void end(char bracket) {
        reserve(1);
        bytes[length++] = (byte) bracket;
        first = false;
    }

    private void separate() {
        if (!first) {
            reserve(1);
            bytes[length++] = ',';
        }
        first = false;
    }

    private void name(String name) {
        separate();
        string(name);
        reserve(1);
        bytes[length++] = ':';
    }

    private void ascii(String text) {
        reserve(text.length());
        for (int i = 0; i < text.length(); i++) {
            bytes[length++] = (byte) text.charAt(i);
        }
    }

    private void string(String text) {
        reserve(text.length() + 2);
        bytes[length++] = '"';
        for (int i = putPlain(text); i < text.length(); i++) {
            char c = text.charAt(i);
            if (isPlain(c)) {
                bytes[length++] = (byte) c;
            } else {
                reserve(text.length() - i + 2 + LONGEST_ESCAPE);
                escape(isHalf(text, i) ? '\ufffd' : c);
            }
        }
        bytes[length++] = '"';
    }

    /** Writes what needs no escape, nearly always all of it, and returns how much that was. */
    private int putPlain(String text) {
        byte[] to = bytes;
        int at = length;
        int i = 0;
        while (i < text.length() && isPlain(text.charAt(i))) {
            to[at + i] = (byte) text.charAt(i);
            i++;
        }
        length = at + i;
        return i;
    }

    private static boolean isPlain(char c) {
        return c < PLAIN.length && PLAIN[c];
    }

    private static boolean[] plainCharacters() {
        boolean[] plain = new boolean[0x7f];
        Arrays.fill(plain, ' ', plain.length, true);
        plain['"'] = false;
        plain['\\'] = false;
        return plain;
    }

    private void escape(char c) {
        bytes[length++] = '\\';
        if (c == '"' || c == '\\') {
            bytes[length++] = (byte) c;
            return;
        }
        bytes[length++] = 'u';
        for (int shift = 12; shift >= 0; shift -= 4) {
            bytes[length++] = HEX[(c >> shift) & 0xf];
        }
    }

    /** True for half a surrogate pair, which is no character (RFC 8259, 8.2). */
    private static boolean isHalf(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
        }
        return Character.isLowSurrogate(c) && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
