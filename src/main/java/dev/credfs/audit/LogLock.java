package dev.credfs.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The right to write a log, held by one process at a time: a lock on the file {@code <log>.lock} beside it, which ends with
 * the process and is not renamed with the log. The file holds the pid of the holder.
 *
 * <p>The kernel's lock belongs to the process and goes as soon as <em>any</em> descriptor of the file is closed (fcntl(2),
 * "record locks"), so this process must never open it twice: {@link #HELD} is asked first.
 */
final class LogLock {
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();
    private static final int LONGEST_PID_LINE = 16;

    private final Path file;
    private final FileChannel channel;

    private LogLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Takes the lock of {@code log}, an absolute path whose directory has no symbolic links. */
    static LogLock of(Path log) throws AuditUnavailableException {
        Path file = log.resolveSibling(log.getFileName() + ".lock");
        if (!HELD.add(file)) {
            throw heldBy(log, Long.toString(ProcessHandle.current().pid()));
        }
        boolean taken = false;
        try {
            FileChannel channel = FileChannel.open(
                    file,
                    Set.of(
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.CREATE,
                            LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try {
                FileLock lock = channel.tryLock();
                if (lock == null) {
                    throw heldBy(log, holder(channel));
                }
                channel.truncate(0);
                channel.write(
                        ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)), 0);
                taken = true;
                return new LogLock(file, channel);
            } finally {
                if (!taken) {
                    channel.close();
                }
            }
        } catch (IOException e) {
            throw new AuditUnavailableException("the lock " + file + " cannot be taken: " + Problems.of(e), e);
        } finally {
            if (!taken) {
                HELD.remove(file);
            }
        }
    }

    private static AuditUnavailableException heldBy(Path log, String pid) {
        return new AuditUnavailableException("the audit log " + log + " is written by process " + pid
                + ": give each daemon a log of its own, or stop that one");
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer pid = ByteBuffer.allocate(LONGEST_PID_LINE);
        channel.read(pid, 0);
        String text = new String(pid.array(), 0, pid.position(), StandardCharsets.US_ASCII).strip();
        // A holder that has only just taken the lock has not written its pid yet.
        return text.isEmpty() ? "unknown" : text;
    }

    void release() throws IOException {
        channel.close();
        HELD.remove(file);
    }
}
