package dev.credfs.fuse;

/** This process's memory, as other processes may see it. */
public final class ProcessMemory {
    private ProcessMemory() {}

    /**
     * Forbids core dumps, ptrace and {@code /proc/<pid>/mem} to everyone without CAP_SYS_PTRACE, prctl(2)
     * PR_SET_DUMPABLE. To be called before anything secret is read.
     *
     * @throws IllegalStateException the kernel refused, and nothing secret must be read
     */
    public static void forbidInspection() {
        if (Native.LIBC.prctl(Native.PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
            throw new IllegalStateException("prctl(PR_SET_DUMPABLE, 0): errno " + Native.lastErrno());
        }
    }
}
