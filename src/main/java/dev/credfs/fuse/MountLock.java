package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The claim of one live daemon on a mountpoint: a locked file {@code .<name>.lock} beside it that holds the daemon's
 * pid. The kernel drops the lock when the daemon dies, however it dies; the file stays. An orderly end empties it: a pid
 * without a lock is what a daemon left that had no time to end.
 */
final class MountLock implements AutoCloseable {
    private final FileChannel channel;
    private final String deadPid;

    private MountLock(FileChannel channel, String deadPid) {
        this.channel = channel;
        this.deadPid = deadPid;
    }

    static MountLock acquire(Path mountpoint) throws MountException {
        Path file = mountpoint.resolveSibling("." + mountpoint.getFileName() + ".lock");
        FileChannel channel = null;
        try {
            channel = FileChannel.open(
                    file,
                    Set.of(
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            if (!lock(channel)) {
                String pid = read(channel);
                throw new MountException(
                        Failure.NOT_MOUNTED,
                        mountpoint + " is already mounted by credfs, pid " + pid + "; stop it first");
            }
            MountLock acquired = new MountLock(channel, read(channel));
            write(channel, ProcessHandle.current().pid() + "\n");
            channel = null;
            return acquired;
        } catch (IOException e) {
            throw MountException.of("cannot lock " + file + ": " + e, e);
        } finally {
            closeQuietly(channel);
        }
    }

    /** The daemon that held the mountpoint last and did not end in order, or nothing. */
    Optional<String> deadPid() {
        return deadPid.isEmpty() ? Optional.empty() : Optional.of(deadPid);
    }

    @Override
    public void close() {
        try {
            if (channel.isOpen()) {
                write(channel, "");
            }
        } catch (IOException fullDisk) {
            // Our successor will report us as dead, and we are.
        } finally {
            closeQuietly(channel);
        }
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException heldByThisProcess) {
            return false;
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer pid = ByteBuffer.allocate(20);
        channel.read(pid, 0);
        return new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII).strip();
    }

    private static void write(FileChannel channel, String content) throws IOException {
        channel.truncate(0);
        channel.write(ByteBuffer.wrap(content.getBytes(StandardCharsets.US_ASCII)), 0);
    }

    private static void closeQuietly(@Nullable FileChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException nothingWasWritten) {
                // The lock is gone with the descriptor, whatever close(2) says.
            }
        }
    }
}
