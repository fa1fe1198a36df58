package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import dev.credfs.policy.Gid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import jnr.ffi.Pointer;

/**
 * Who sent the request that is being answered. In a callback it is a copy of {@code fuse_get_context()}, to be made on the thread
 * that runs it and before anything else, since everywhere else libfuse answers uid 0, gid 0, pid 0: root.
 *
 * @param uid the file-system uid of the request
 * @param gid the file-system gid of the request
 * @param tid the thread that asked; 0 where it has no number in the daemon's pid namespace
 */
record Requester(Uid uid, Gid gid, int tid) {
    // struct fuse_context { struct fuse *fuse; uid_t uid; gid_t gid; pid_t pid; … }, fuse.h of libfuse 2.9
    private static final int CONTEXT_UID_OFFSET = 8;

    private static final long SIGKILL_BIT = 1L << (Native.SIGKILL - 1);

    static Requester current(Native.LibFuse libfuse) {
        return of(Pointer.wrap(Native.RUNTIME, libfuse.fuse_get_context()), CONTEXT_UID_OFFSET);
    }

    /** @param uidOffset where the uid is, which the gid and the thread's id follow */
    static Requester of(Pointer memory, int uidOffset) {
        return new Requester(
                Uid.ofUnsigned(memory.getInt(uidOffset)),
                Gid.ofUnsigned(memory.getInt(uidOffset + Integer.BYTES)),
                memory.getInt(uidOffset + 2 * Integer.BYTES));
    }

    /** Refuses a requester without a number: a process of another pid namespace, which nothing can identify. */
    void requireVisible() throws RefusedException {
        if (tid <= 0) {
            throw new RefusedException(Failure.CALLER_REFUSED, "the caller is in a pid namespace credfs cannot see");
        }
    }

    /** True for a thread of this very process. */
    boolean isSelf() {
        return tid > 0 && Files.exists(Path.of("/proc/self/task", Integer.toString(tid)));
    }

    /**
     * True when a SIGKILL waits for the thread, or it is gone: nobody will see the answer. An interrupt alone does not
     * say so, since the kernel sends one for every signal (a Go program preempts itself with SIGURG every 10 ms) and
     * then still waits.
     */
    boolean isDying() {
        try {
            String status =
                    Files.readString(Path.of("/proc", Integer.toString(tid), "status"), StandardCharsets.ISO_8859_1);
            return hasPendingKill(status, "\nSigPnd:\t") || hasPendingKill(status, "\nShdPnd:\t");
        } catch (IOException gone) {
            return true;
        }
    }

    private static boolean hasPendingKill(String status, String field) {
        int start = status.indexOf(field) + field.length();
        int end = status.indexOf('\n', start);
        return (Long.parseUnsignedLong(status.substring(start, end), 16) & SIGKILL_BIT) != 0;
    }
}
