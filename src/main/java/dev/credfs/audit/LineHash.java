package dev.credfs.audit;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * The SHA-256 of a line, in the 64 lower-case hex characters that stand in the file.
 */
final class LineHash {
    static final int LENGTH = 64;

    /** What the first record of a log names as the line before it. */
    static final LineHash NONE = new LineHash("0".repeat(LENGTH).getBytes(StandardCharsets.US_ASCII));

    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private final byte[] hex;

    private LineHash(byte[] hex) {
        this.hex = hex;
    }

    /** The hash that {@code sha256} has come to; resets it. */
    static LineHash of(MessageDigest sha256) {
        byte[] hash = sha256.digest();
        byte[] hex = new byte[LENGTH];
        for (int i = 0; i < hash.length; i++) {
            hex[2 * i] = DIGITS[(hash[i] >> 4) & 0xf];
            hex[2 * i + 1] = DIGITS[hash[i] & 0xf];
        }
        return new LineHash(hex);
    }

    static LineHash of(byte[] bytes) {
        return of(sha256(bytes));
    }

    /** The 64 characters at {@code from}; whether they are hex digits shows when they are compared with a hash. */
    static LineHash at(byte[] buffer, int from) {
        return new LineHash(Arrays.copyOfRange(buffer, from, from + LENGTH));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static MessageDigest sha256(byte[] bytes) {
        MessageDigest sha256 = sha256();
        sha256.update(bytes);
        return sha256;
    }

    boolean standsAt(byte[] buffer, int from) {
        return Arrays.equals(hex, 0, LENGTH, buffer, from, from + LENGTH);
    }

    void copyTo(byte[] buffer, int to) {
        System.arraycopy(hex, 0, buffer, to, LENGTH);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LineHash hash && Arrays.equals(hex, hash.hex);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(hex);
    }

    @Override
    public String toString() {
        return new String(hex, StandardCharsets.US_ASCII);
    }
}
