package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * Files that hold a secret: theirs is mode 0600 (or 0400), the owner whoever runs credfs, or root.
 *
 * <p>Java has no fstat on an open file, so the path is looked at before and after it was opened and must have led to the same
 * inode with the same mode both times. Somebody who can swap files in between can write in the directory; that is why a
 * directory that others can write in is refused too.
 */
final class SecretFile {
    /** Far above every key and macaroon, far below what would hurt to read. */
    private static final int MAX_BYTES = 64 * 1024;

    private static final Set<PosixFilePermission> OWNER_ONLY = EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE);
    private static final FileAttribute<Set<PosixFilePermission>> MODE_0600 =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private SecretFile() {}

    /**
     * The content, which the caller must overwrite after use.
     *
     * @param what for messages: {@code root key}
     * @throws CommandException if the file is not there, or open to others
     */
    static byte[] read(Path file, String what) throws CommandException {
        try {
            PosixFileAttributes before = attributes(file);
            check(file, before, what);
            try (SeekableByteChannel channel = Files.newByteChannel(file, StandardOpenOption.READ)) {
                PosixFileAttributes after = attributes(file);
                if (!Objects.equals(before.fileKey(), after.fileKey())
                        || !before.permissions().equals(after.permissions())) {
                    throw unusable(what, file, "changed while it was being read");
                }
                return readAll(channel, file, what);
            }
        } catch (NoSuchFileException e) {
            throw unusable(what, file, "no such file");
        } catch (IOException e) {
            throw unusable(what, file, Problems.of(e));
        }
    }

    private static byte[] readAll(SeekableByteChannel channel, Path file, String what)
            throws IOException, CommandException {
        ByteBuffer buffer = ByteBuffer.allocate(MAX_BYTES + 1);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            // Reads until the end or the bound.
        }
        if (!buffer.hasRemaining()) {
            throw unusable(what, file, "larger than " + MAX_BYTES + " bytes");
        }
        byte[] content = Arrays.copyOf(buffer.array(), buffer.position());
        Arrays.fill(buffer.array(), (byte) 0);
        if (content.length == 0) {
            throw unusable(what, file, "the file is empty");
        }
        return content;
    }

    private static PosixFileAttributes attributes(Path file) throws IOException {
        return Files.readAttributes(file, PosixFileAttributes.class);
    }

    private static void check(Path file, PosixFileAttributes attributes, String what)
            throws IOException, CommandException {
        if (!attributes.isRegularFile()) {
            throw unusable(what, file, "not a regular file");
        }
        Set<PosixFilePermission> tooMuch = EnumSet.copyOf(
                attributes.permissions().isEmpty()
                        ? EnumSet.noneOf(PosixFilePermission.class)
                        : attributes.permissions());
        tooMuch.removeAll(OWNER_ONLY);
        if (!tooMuch.isEmpty()) {
            throw unusable(
                    what,
                    file,
                    "mode " + PosixFilePermissions.toString(attributes.permissions())
                            + " lets others in: run 'chmod 600 " + file + "'");
        }
        Owner.requireOwnOrRoot(file, attributes, what);
        Path directory = Objects.requireNonNullElse(file.toRealPath().getParent(), file);
        PosixFileAttributes parent = attributes(directory);
        boolean othersWrite = parent.permissions().contains(PosixFilePermission.OTHERS_WRITE)
                || parent.permissions().contains(PosixFilePermission.GROUP_WRITE);
        if (othersWrite && !Owner.isSticky(directory)) {
            throw unusable(what, file, "others can write in its directory: run 'chmod go-w " + directory + "'");
        }
    }

    /** Writes a new file of mode 0600, whole or not at all; refuses to replace one. */
    static void create(Path file, byte[] content) throws CommandException {
        Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new CommandException(
                        Failure.USAGE, file + " exists already: choose another directory or remove it");
            }
            Files.deleteIfExists(temporary);
            try (FileChannel channel = FileChannel.open(
                    temporary, EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), MODE_0600)) {
                ByteBuffer bytes = ByteBuffer.wrap(content);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            // A hard link fails where the name was taken meanwhile; a rename would replace it.
            Files.createLink(file, temporary);
        } catch (FileAlreadyExistsException e) {
            throw new CommandException(Failure.USAGE, file + " exists already: choose another directory or remove it");
        } catch (IOException e) {
            throw new CommandException(
                    Failure.USAGE, "cannot write " + file + ": " + Problems.of(e) + "; choose another directory");
        } finally {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException e) {
                // The file of interest is written, or the failure to write it is on its way out.
            }
        }
    }

    private static CommandException unusable(String what, Path file, String why) {
        return new CommandException(Failure.MASTER_UNAVAILABLE, what + " " + file + ": " + why);
    }
}
