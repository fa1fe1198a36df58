package dev.credfs.audit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A line whose own hash is right, found in a buffer. Whether it stands in its place is for the chain to say.
 *
 * @param eventFrom where the event's members begin
 * @param eventTo where they end
 */
@SuppressWarnings("ArrayRecordComponent") // a view of the reader's buffer, gone before the buffer is filled again
record RawLine(byte[] buffer, long seq, LineHash prev, LineHash hash, int eventFrom, int eventTo) {
    private static final int TRAILER_BYTES = LineBuffer.HASH.length + LineHash.LENGTH + LineBuffer.END.length;
    private static final int LONGEST_NUMBER = 18;
    private static final byte[] EVENT = "\"event\":\"".getBytes(StandardCharsets.US_ASCII);

    /** Reads the bytes from {@code from} to {@code to}, without the newline; null unless they are a line with its hash. */
    static @Nullable RawLine parse(byte[] buffer, int from, int to, MessageDigest sha256) {
        int trailer = to - TRAILER_BYTES;
        if (trailer < from
                || !matches(buffer, trailer, to, LineBuffer.HASH)
                || !matches(buffer, to - LineBuffer.END.length, to, LineBuffer.END)
                || !matches(buffer, from, trailer, LineBuffer.PREFIX)) {
            return null;
        }
        int i = from + LineBuffer.PREFIX.length;
        int digits = i;
        long seq = 0;
        while (i < trailer && buffer[i] >= '0' && buffer[i] <= '9' && i - digits < LONGEST_NUMBER) {
            seq = seq * 10 + buffer[i++] - '0';
        }
        if (i == digits || buffer[digits] == '0' || !matches(buffer, i, trailer, LineBuffer.PREV)) {
            return null;
        }
        int prev = i + LineBuffer.PREV.length;
        int event = prev + LineHash.LENGTH + LineBuffer.AFTER_PREV.length;
        if (event > trailer || !matches(buffer, prev + LineHash.LENGTH, trailer, LineBuffer.AFTER_PREV)) {
            return null;
        }
        sha256.update(buffer, from, trailer - from);
        LineHash hash = LineHash.of(sha256);
        if (!hash.standsAt(buffer, trailer + LineBuffer.HASH.length)) {
            return null;
        }
        return new RawLine(buffer, seq, LineHash.at(buffer, prev), hash, event, trailer);
    }

    private static boolean matches(byte[] buffer, int from, int to, byte[] expected) {
        return to - from >= expected.length
                && Arrays.equals(buffer, from, from + expected.length, expected, 0, expected.length);
    }

    Position position() {
        return new Position(seq, hash);
    }

    /** True when the event's name is {@code name}: the second member, after the fixed-form time. */
    boolean isEvent(byte[] name) {
        for (int i = eventFrom; i < eventTo; i++) {
            if (buffer[i] == ',') {
                int value = i + 1 + EVENT.length;
                return matches(buffer, i + 1, eventTo, EVENT)
                        && matches(buffer, value, eventTo, name)
                        && buffer[value + name.length] == '"';
            }
        }
        return false;
    }

    /** The event's members as a JSON object. */
    byte[] eventObject() {
        byte[] object = new byte[eventTo - eventFrom + 2];
        object[0] = '{';
        System.arraycopy(buffer, eventFrom, object, 1, eventTo - eventFrom);
        object[object.length - 1] = '}';
        return object;
    }
}
