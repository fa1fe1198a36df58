package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Directories that nobody but their owner writes to, and locks in them, which end with the process. */
final class OwnDirectory {
    private static final Set<PosixFilePermission> LOCK = PosixFilePermissions.fromString("rw-------");
    private static final int GROUP_OR_OTHERS_WRITE = 022;
    private static final int OTHERS_WRITE = 02;

    private OwnDirectory() {}

    /**
     * Refuses a directory in which somebody else could put or remove a file: a socket of his own in the place of ours, an empty
     * list of revocations.
     *
     * @throws RefusedException that says what to do
     */
    static void check(Path directory) throws IOException, RefusedException {
        int mode = number(directory, "unix:mode");
        int owner = number(directory, "unix:uid");
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            throw refused(directory + " is not a directory");
        }
        boolean ours = owner == ourUid();
        if (!ours && owner != 0) {
            throw refused(directory + " belongs to uid " + owner + ": whoever owns it can put another file there");
        }
        if ((mode & (ours ? GROUP_OR_OTHERS_WRITE : OTHERS_WRITE)) != 0) {
            throw refused(directory + " can be written by others: chmod go-w " + directory);
        }
    }

    /**
     * Takes a lock for as long as the channel is open.
     *
     * @param held what is said where somebody has it
     */
    static FileChannel lock(Path file, String held) throws IOException, RefusedException {
        FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(LOCK));
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw refused(held);
        }
        return channel;
    }

    static int ourUid() throws IOException {
        return number(Path.of("/proc/self/."), "unix:uid");
    }

    /** An attribute of the file itself, such as {@code unix:mode}. */
    static int number(Path file, String attribute) throws IOException {
        return (Integer) Files.getAttribute(file, attribute, LinkOption.NOFOLLOW_LINKS);
    }

    private static RefusedException refused(String why) {
        return new RefusedException(Failure.CONFIGURATION_INVALID, why);
    }
}
