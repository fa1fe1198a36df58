package dev.credfs.policy;

/**
 * A numeric user id in the daemon's own user namespace.
 *
 * @param number 0 to 2³²−1, as the kernel's unsigned 32-bit {@code uid_t}
 */
public record Uid(long number) {
    public Uid {
        if (number < 0 || number > 0xffff_ffffL) {
            throw new IllegalArgumentException("not a uid: " + number);
        }
    }

    /** Reads the kernel's unsigned 32-bit value from a Java {@code int}. */
    public static Uid ofUnsigned(int bits) {
        return new Uid(Integer.toUnsignedLong(bits));
    }

    @Override
    public String toString() {
        return Long.toString(number);
    }
}
