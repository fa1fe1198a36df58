package dev.credfs.audit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * Lines on their way to the file: puts the number, the hash of the line before and the line's own hash around an event.
 *
 * <pre>{"schema":"credfs/audit/v1","seq":7,"prev":"&lt;64 hex&gt;",&lt;event&gt;,"hash":"&lt;64 hex&gt;"}</pre>
 *
 * The hash is the SHA-256 of all that stands before {@code ,"hash"}, so {@code sha256sum} can check a line.
 */
final class LineBuffer {
    static final byte[] PREFIX = ascii("{\"schema\":\"credfs/audit/v1\",\"seq\":");
    static final byte[] PREV = ascii(",\"prev\":\"");
    static final byte[] AFTER_PREV = ascii("\",");
    static final byte[] HASH = ascii(",\"hash\":\"");
    static final byte[] END = ascii("\"}");

    private static final int INITIAL_BYTES = 16 * 1024;
    private static final int LONGEST_NUMBER = 19;
    private static final int FRAME_BYTES = PREFIX.length
            + LONGEST_NUMBER
            + PREV.length
            + LineHash.LENGTH
            + AFTER_PREV.length
            + HASH.length
            + LineHash.LENGTH
            + END.length
            + 1;

    private final MessageDigest sha256 = LineHash.sha256();
    private byte[] bytes = new byte[INITIAL_BYTES];
    private int length;

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    void clear() {
        length = 0;
    }

    int length() {
        return length;
    }

    byte[] copy(int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    ByteBuffer asByteBuffer() {
        return ByteBuffer.wrap(bytes, 0, length);
    }

    void newline() {
        reserve(1);
        bytes[length++] = '\n';
    }

    /** Adds the line of {@code event}, the members of a JSON object, and returns where the chain then stands. */
    Position add(Position last, byte[] event) {
        reserve(FRAME_BYTES + event.length);
        long seq = last.seq() + 1;
        int from = length;
        put(PREFIX);
        put(ascii(Long.toString(seq)));
        put(PREV);
        last.hash().copyTo(bytes, length);
        length += LineHash.LENGTH;
        put(AFTER_PREV);
        put(event);
        sha256.update(bytes, from, length - from);
        LineHash hash = LineHash.of(sha256);
        put(HASH);
        hash.copyTo(bytes, length);
        length += LineHash.LENGTH;
        put(END);
        bytes[length++] = '\n';
        return new Position(seq, hash);
    }

    private void put(byte[] part) {
        System.arraycopy(part, 0, bytes, length, part.length);
        length += part.length;
    }

    private void reserve(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
