package dev.credfs.vault;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;

/**
 * The right to write a vault, which one process has at a time: a lock on {@code <file>.lock}, from before the vault is read
 * until after it is written.
 *
 * <p>A write is one rename: whoever reads, and whoever looks after a crash at any moment, sees the old file or the new one,
 * both whole and on the disk. The last {@value #KEPT} generations stay as {@code <file>.1} (the youngest) and so on.
 */
public final class VaultWriter implements AutoCloseable {
    private static final int KEPT = 3;
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final int lock;

    private VaultWriter(Path file, int lock) {
        this.file = file;
        this.lock = lock;
    }

    /** What becomes of the generations before the one that is written. */
    public enum Before {
        KEEP,
        /** Somebody lost the right to read them. */
        REMOVE
    }

    /**
     * Takes the lock, or says that another process has it.
     *
     * @param file the vault, which need not exist yet
     */
    public static VaultWriter lock(Path file) throws VaultException {
        Path absolute = file.toAbsolutePath().normalize();
        Path lockFile = absolute.resolveSibling(absolute.getFileName() + ".lock");
        int flags = Native.O_RDWR | Native.O_CREAT | Native.O_CLOEXEC | Native.O_NOFOLLOW;
        int fd = Native.LIBC.open(lockFile.toString(), flags, 0600);
        if (fd < 0) {
            throw new VaultException("the lock " + lockFile + " cannot be opened (errno " + Native.lastErrno() + ")");
        }
        if (Native.LIBC.flock(fd, Native.LOCK_EX | Native.LOCK_NB) != 0) {
            int errno = Native.lastErrno();
            Native.LIBC.close(fd);
            throw new VaultException(
                    errno == Native.EWOULDBLOCK
                            ? "vault " + file + ": another process is changing it: try again when it is done"
                            : "the lock " + lockFile + " cannot be taken (errno " + errno + ")");
        }
        return new VaultWriter(absolute, fd);
    }

    /**
     * Replaces the file by this vault, and reads it back.
     *
     * @throws VaultException if the old one is there still, and whole
     */
    public SealedVault write(Vault vault, Instant now, Before before) throws VaultException {
        byte[] content = SealedVault.print(vault, vault.generation() + 1, now);
        Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            boolean replaces = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
            if (replaces && !Descriptor.isOwn(file, "vault")) {
                throw new VaultException(
                        "vault " + file + ": belongs to another user, who could not read it afterwards");
            }
            Files.deleteIfExists(temporary);
            try (FileChannel channel = FileChannel.open(
                    temporary, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (before == Before.REMOVE) {
                for (int age = KEPT; age >= 1; age--) {
                    Files.deleteIfExists(generation(age));
                }
            } else if (replaces) {
                keep();
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            // Without it the new name can be lost with the power, and the old one come back.
            try (FileChannel directory = FileChannel.open(parent(), StandardOpenOption.READ)) {
                directory.force(true);
            }
        } catch (IOException e) {
            throw new VaultException("vault " + file + ": cannot be written: " + reason(e), e);
        }
        return SealedVault.read(file);
    }

    private void keep() throws IOException {
        Path youngest = generation(1);
        // After a crash between link and rename it is there already.
        if (!Files.exists(youngest, LinkOption.NOFOLLOW_LINKS) || !Files.isSameFile(youngest, file)) {
            for (int age = KEPT - 1; age >= 1; age--) {
                if (Files.exists(generation(age), LinkOption.NOFOLLOW_LINKS)) {
                    Files.move(
                            generation(age),
                            generation(age + 1),
                            StandardCopyOption.ATOMIC_MOVE,
                            StandardCopyOption.REPLACE_EXISTING);
                }
            }
            Files.createLink(youngest, file);
        }
    }

    private Path generation(int age) {
        return file.resolveSibling(file.getFileName() + "." + age);
    }

    private Path parent() {
        Path parent = file.getParent();
        return parent == null ? file : parent;
    }

    private static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return String.valueOf(e.getMessage());
    }

    @Override
    public void close() {
        Native.LIBC.close(lock);
    }
}
