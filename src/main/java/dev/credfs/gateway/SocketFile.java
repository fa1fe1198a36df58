package dev.credfs.gateway;

import dev.credfs.audit.Problems;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * The place of the unix socket: a directory that only its owner writes to, a lock beside the socket, and no socket of
 * anybody else.
 */
final class SocketFile implements AutoCloseable {
    private static final Set<PosixFilePermission> DIRECTORY = PosixFilePermissions.fromString("rwxr-x---");
    private static final Set<PosixFilePermission> SOCKET = PosixFilePermissions.fromString("rw-rw----");
    /** From {@code stat(2)}. */
    private static final int FILE_TYPE = 0170000;

    private static final int TYPE_SOCKET = 0140000;

    private final Path socket;
    private final FileChannel lock;
    private boolean bound;

    private SocketFile(Path socket, FileChannel lock) {
        this.socket = socket;
        this.lock = lock;
    }

    /**
     * Makes the place ready: afterwards nothing is at {@code socket}, and no other gateway takes it.
     *
     * @throws RefusedException where that would take something that is not ours; the message says what to do
     */
    static SocketFile claim(Path socket) throws RefusedException {
        Path directory = socket.toAbsolutePath().getParent();
        if (directory == null) {
            throw refused(socket + " has no directory");
        }
        try {
            int ourUid = OwnDirectory.ourUid();
            if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
                // The umask may have taken away what the group needs.
                Files.setPosixFilePermissions(directory, DIRECTORY);
            }
            OwnDirectory.check(directory);
            FileChannel lock = OwnDirectory.lock(
                    socket.resolveSibling(socket.getFileName() + ".lock"), "another gateway serves " + socket);
            try {
                removeStale(socket, ourUid);
            } catch (RefusedException | IOException e) {
                lock.close();
                throw e;
            }
            return new SocketFile(socket, lock);
        } catch (NoSuchFileException e) {
            throw refused("cannot prepare " + socket + ": no directory " + directory.getParent() + ": make it");
        } catch (IOException e) {
            throw refused("cannot prepare " + socket + ": " + Problems.of(e));
        }
    }

    private static void removeStale(Path socket, int ourUid) throws IOException, RefusedException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if ((OwnDirectory.number(socket, "unix:mode") & FILE_TYPE) != TYPE_SOCKET) {
            throw refused(socket + " exists and is no socket: remove it or choose another place");
        }
        int owner = OwnDirectory.number(socket, "unix:uid");
        if (owner != ourUid) {
            throw refused(socket + " belongs to uid " + owner + ": not ours to replace");
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            probe.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            // Nobody listens: what a gateway that died has left behind.
            Files.delete(socket);
            return;
        }
        throw refused("somebody listens on " + socket + ": stop that first");
    }

    /** To be called when the socket is bound: sets its mode. */
    void opened() throws IOException {
        bound = true;
        Files.setPosixFilePermissions(socket, SOCKET);
    }

    /** Removes the socket and gives the place free. */
    @Override
    public void close() throws IOException {
        if (bound) {
            Files.deleteIfExists(socket);
        }
        lock.close();
    }

    private static RefusedException refused(String why) {
        return new RefusedException(Failure.CONFIGURATION_INVALID, why);
    }
}
