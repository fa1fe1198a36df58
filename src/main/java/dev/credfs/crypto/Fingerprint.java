package dev.credfs.crypto;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * The first eight bytes of a SHA-256, in hex: enough to tell secrets apart in a log, useless for finding one that has 128
 * bits of entropy or more.
 *
 * @param hex 16 lower-case hex digits
 */
public record Fingerprint(String hex) {
    private static final int BYTES = 8;

    public static Fingerprint of(byte[] bytes) {
        return new Fingerprint(HexFormat.of().formatHex(Arrays.copyOf(sha256(bytes), BYTES)));
    }

    /** SHA-256 of {@code bytes}: 32 bytes. */
    public static byte[] sha256(byte[] bytes) {
        return Sha256.fresh().digest(bytes);
    }

    @Override
    public String toString() {
        return hex;
    }
}
