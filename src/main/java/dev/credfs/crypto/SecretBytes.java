package dev.credfs.crypto;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * A byte string whose disclosure is a loss: copied in, compared in constant time, destroyable, and silent in every text.
 */
public final class SecretBytes implements AutoCloseable {
    private final byte[] bytes;
    private boolean destroyed;

    private SecretBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /** A copy of {@code bytes}; the caller still owns, and should overwrite, its own array. */
    public static SecretBytes copyOf(byte[] bytes) {
        return new SecretBytes(bytes.clone());
    }

    /** Fresh bytes from {@code random}. */
    public static SecretBytes random(int lengthBytes, SecureRandom random) {
        byte[] fresh = new byte[lengthBytes];
        random.nextBytes(fresh);
        return new SecretBytes(fresh);
    }

    public int lengthBytes() {
        return bytes.length;
    }

    /**
     * The bytes themselves, as a copy that the caller must overwrite after use.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    public synchronized byte[] revealCopy() {
        if (destroyed) {
            throw new IllegalStateException("the secret was destroyed");
        }
        return bytes.clone();
    }

    /** A short hash for logs. */
    public Fingerprint fingerprint() {
        byte[] copy = revealCopy();
        try {
            return Fingerprint.of(copy);
        } finally {
            Arrays.fill(copy, (byte) 0);
        }
    }

    /** Overwrites the bytes; from then on they cannot be revealed, and equal no other secret. */
    @Override
    public synchronized void close() {
        destroyed = true;
        Arrays.fill(bytes, (byte) 0);
    }

    /** Compares in time that depends on the lengths alone. */
    @Override
    public boolean equals(Object other) {
        if (this == other) {
            return true;
        }
        // A destroyed secret is all zeros: it must not equal a presented string of zeros.
        return other instanceof SecretBytes that
                && !isDestroyed()
                && !that.isDestroyed()
                && MessageDigest.isEqual(bytes, that.bytes);
    }

    private synchronized boolean isDestroyed() {
        return destroyed;
    }

    /** The same for all secrets of a length, so that a hash table leaks no more than {@link #toString()}. */
    @Override
    public int hashCode() {
        return bytes.length;
    }

    @Override
    public String toString() {
        return "SecretBytes[" + bytes.length + "]";
    }
}
