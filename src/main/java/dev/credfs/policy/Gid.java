package dev.credfs.policy;

/**
 * A numeric group id in the daemon's own user namespace.
 *
 * @param number 0 to 2³²−1, as the kernel's unsigned 32-bit {@code gid_t}
 */
public record Gid(long number) {
    public Gid {
        if (number < 0 || number > 0xffff_ffffL) {
            throw new IllegalArgumentException("not a gid: " + number);
        }
    }

    /** Reads the kernel's unsigned 32-bit value from a Java {@code int}. */
    public static Gid ofUnsigned(int bits) {
        return new Gid(Integer.toUnsignedLong(bits));
    }

    @Override
    public String toString() {
        return Long.toString(number);
    }
}
