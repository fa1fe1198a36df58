package dev.credfs.policy;

/**
 * A Linux error number, as {@code errno(3)} spells it. The numbers are those of every Linux architecture
 * ({@code asm-generic/errno-base.h} and {@code asm-generic/errno.h}).
 */
public enum Errno {
    ENOENT(2),
    EIO(5),
    EAGAIN(11),
    EACCES(13),
    EBUSY(16),
    ENOTDIR(20),
    EISDIR(21),
    EINVAL(22),
    EMFILE(24),
    EROFS(30),
    ENAMETOOLONG(36),
    ESTALE(116);

    private final int number;

    Errno(int number) {
        this.number = number;
    }

    /** The positive number; a FUSE reply carries it negated. */
    public int number() {
        return number;
    }
}
