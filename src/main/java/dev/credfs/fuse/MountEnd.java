package dev.credfs.fuse;

/** How a mount ended. */
public enum MountEnd {
    /** We unmounted it. */
    STOPPED,
    /** Somebody else unmounted it: {@code fusermount -u}, {@code umount}, a mount namespace torn down. */
    UNMOUNTED_OUTSIDE,
    /** The connection to the kernel failed or was aborted. */
    SESSION_FAILED
}
