package dev.credfs.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The ways to take a mount away: system calls as root, fusermount for everybody else. */
final class Unmount {
    private static final long FUSERMOUNT_SECONDS = 5;

    private final Path mountpoint;
    private final @Nullable Path fusermount;

    /** @param fusermount null for root, who needs none */
    Unmount(Path mountpoint, @Nullable Path fusermount) {
        this.mountpoint = mountpoint;
        this.fusermount = fusermount;
    }

    /** Unmounts if nobody uses the mount. */
    boolean now() throws IOException {
        return fusermount == null ? umount2(Native.UMOUNT_NOFOLLOW) : fusermount("-u");
    }

    /** Takes the mount out of sight; who uses it keeps it until they let go. */
    boolean lazily() throws IOException {
        return fusermount == null ? umount2(Native.UMOUNT_NOFOLLOW | Native.MNT_DETACH) : fusermount("-uz");
    }

    /**
     * Aborts the connection, which answers every waiting caller with an error and ends the session, and takes the mount
     * out of sight. Only root can abort; for others it is lazy.
     */
    boolean byForce() throws IOException {
        return fusermount == null
                ? umount2(Native.UMOUNT_NOFOLLOW | Native.MNT_DETACH | Native.MNT_FORCE)
                : fusermount("-uz");
    }

    private boolean umount2(int flags) {
        return Native.LIBC.umount2(mountpoint.toString(), flags) == 0;
    }

    private boolean fusermount(String option) throws IOException {
        Process process = new ProcessBuilder(
                        List.of(String.valueOf(fusermount), option, "-q", "--", mountpoint.toString()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            return process.waitFor(FUSERMOUNT_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * Ends the fusermount that libfuse left behind for {@code auto_unmount}. It waits for this process to end and then
     * unmounts whatever credfs stands at the mountpoint: after a restart that would be our successor. It blocks every
     * signal but KILL.
     */
    void endAutoUnmount() {
        String source = MountEntry.OUR_SOURCE_PREFIX + ProcessHandle.current().pid();
        for (ProcessHandle child : ProcessHandle.current().children().toList()) {
            if (isAutoUnmount(child.pid(), source) && Native.LIBC.kill((int) child.pid(), Native.SIGKILL) == 0) {
                Native.LIBC.waitpid((int) child.pid(), new int[1], 0);
            }
        }
    }

    private boolean isAutoUnmount(long pid, String source) {
        try {
            String command = Files.readString(Path.of("/proc", Long.toString(pid), "cmdline"));
            return command.contains("fsname=" + source + ",") && command.endsWith("\0" + mountpoint + "\0");
        } catch (IOException gone) {
            return false;
        }
    }
}
