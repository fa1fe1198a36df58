package dev.credfs.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file that a log is being written to: one inode, and how much of it is ours.
 *
 * <p>It is opened for appending only, so an operator may set the append-only attribute ({@code chattr +a}) on it. Not
 * thread-safe but for {@link #force}.
 */
final class LogFile {
    /** How much of an unfinished end is taken for the trace of a crash; no batch is longer. */
    static final int LONGEST_TORN_BYTES = 1024 * 1024;

    /** From {@link #bytesInPlace}: a rotation moved it, or somebody removed it. */
    static final long ELSEWHERE = -1;

    private static final int TAIL_BYTES = 2 * LONGEST_TORN_BYTES;
    private static final byte[] NOTHING = new byte[0];

    private final Path path;
    private final FileChannel channel;
    private final Object inode;
    private final @Nullable Path descriptor;
    private long wholeBytes;
    private byte[] torn = NOTHING;
    private boolean unendedLine;

    private LogFile(Path path, FileChannel channel, Object inode, @Nullable Path descriptor) {
        this.path = path;
        this.channel = channel;
        this.inode = inode;
        this.descriptor = descriptor;
    }

    /**
     * Opens the log at {@code path}, or creates it with mode 0600.
     *
     * @throws IOException if something else stands there: a link, a directory, another's file, one that others may write
     */
    static LogFile open(Path path) throws IOException {
        FileChannel channel;
        try {
            check(path);
            channel = FileChannel.open(
                    path, Set.of(StandardOpenOption.WRITE, StandardOpenOption.APPEND, LinkOption.NOFOLLOW_LINKS));
        } catch (NoSuchFileException e) {
            channel = FileChannel.open(
                    path,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.APPEND, StandardOpenOption.CREATE_NEW),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        boolean opened = false;
        try {
            Object inode = check(path);
            LogFile file = new LogFile(path, channel, inode, descriptorOf(inode));
            file.wholeBytes = channel.size();
            opened = true;
            return file;
        } finally {
            if (!opened) {
                channel.close();
            }
        }
    }

    private static Object check(Path path) throws IOException {
        PosixFileAttributes file = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!file.isRegularFile()) {
            throw new IOException(
                    file.isSymbolicLink() ? "it is a symbolic link: name the file itself" : "it is not a regular file");
        }
        if ((int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS) != ownUid()) {
            throw new IOException("it belongs to " + file.owner() + ": chown it or name another");
        }
        if (file.permissions().contains(PosixFilePermission.GROUP_WRITE)
                || file.permissions().contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new IOException(
                    "others may write it (mode " + PosixFilePermissions.toString(file.permissions()) + "): chmod go-w");
        }
        return Objects.requireNonNull(file.fileKey(), "every Unix file has an inode");
    }

    /** The effective uid; who owns {@code /proc/self} does not tell it of a process that forbids inspection (proc(5)). */
    private static int ownUid() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
            if (line.startsWith("Uid:")) {
                return Integer.parseUnsignedInt(line.split("\t", -1)[2]);
            }
        }
        throw new IOException("/proc/self/status names no uid");
    }

    /** The entry of /proc/self/fd that leads to {@code inode} wherever it is renamed to; null where /proc is hidden. */
    private static @Nullable Path descriptorOf(Object inode) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                if (inode.equals(inodeAt(descriptor))) {
                    return descriptor;
                }
            }
        } catch (IOException e) {
            return null;
        }
        return null;
    }

    private static @Nullable Object inodeAt(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    /** How many bytes stand at the path; -1 when another file or none is there. */
    long bytesInPlace() {
        try {
            BasicFileAttributes there =
                    Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return inode.equals(there.fileKey()) ? there.size() : ELSEWHERE;
        } catch (IOException e) {
            return ELSEWHERE;
        }
    }

    /** The break that begins when this file is no longer at its path. */
    LogEvent.Break whereabouts() throws IOException {
        if (descriptor != null && (int) Files.getAttribute(descriptor, "unix:nlink") == 0) {
            return LogEvent.Break.DELETED;
        }
        return descriptor == null ? LogEvent.Break.REPLACED : LogEvent.Break.ROTATED;
    }

    /** Where this file is now, as the kernel names it. */
    String currentName() throws IOException {
        return descriptor == null
                ? "unknown"
                : Files.readSymbolicLink(descriptor).toString();
    }

    /** How many bytes the file should have. */
    long expectedBytes() {
        return wholeBytes + torn.length;
    }

    /** What stands after the last whole line. */
    byte[] torn() {
        return torn;
    }

    /**
     * Reads the end of the file for its last line; what stands after it is {@link #torn} from here on.
     *
     * @return the last line's position, or null if no line is whole
     * @throws IOException also if the file was never a log
     */
    @Nullable
    Position readTail() throws IOException {
        long size = channel.size();
        int length = (int) Math.min(size, TAIL_BYTES);
        ByteBuffer tail = ByteBuffer.allocate(length);
        try (FileChannel reader = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            while (tail.hasRemaining() && reader.read(tail, size - length + tail.position()) >= 0) {}
        }
        byte[] bytes = Arrays.copyOf(tail.array(), tail.position());
        MessageDigest sha256 = LineHash.sha256();
        int end = lastNewline(bytes, bytes.length);
        RawLine unended = RawLine.parse(bytes, end + 1, bytes.length, sha256);
        if (unended != null) {
            setTorn(size, NOTHING);
            unendedLine = true;
            return unended.position();
        }
        while (end >= 0) {
            int before = lastNewline(bytes, end);
            RawLine line = RawLine.parse(bytes, before + 1, end, sha256);
            if (line != null) {
                setTorn(size, Arrays.copyOfRange(bytes, end + 1, bytes.length));
                return line.position();
            }
            end = before;
        }
        if (size > LONGEST_TORN_BYTES || !isTornFirstLine(bytes)) {
            throw new IOException("no line of its end is a record of credfs: move it away, or name another");
        }
        setTorn(size, bytes);
        return null;
    }

    private void setTorn(long size, byte[] bytes) throws IOException {
        if (bytes.length > LONGEST_TORN_BYTES) {
            throw new IOException(
                    "its last " + bytes.length
                            + " bytes are no record of credfs: look at them with 'credfs audit verify', then move the file away");
        }
        torn = bytes;
        wholeBytes = size - bytes.length;
    }

    /** True for the beginning of a first line, or the zeros that some filesystems show after a power failure. */
    private static boolean isTornFirstLine(byte[] bytes) {
        int compared = Math.min(bytes.length, LineBuffer.PREFIX.length);
        if (Arrays.equals(bytes, 0, compared, LineBuffer.PREFIX, 0, compared)) {
            return true;
        }
        for (byte b : bytes) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }

    private static int lastNewline(byte[] bytes, int before) {
        int i = before - 1;
        while (i >= 0 && bytes[i] != '\n') {
            i--;
        }
        return i;
    }

    /** True when a newline must come before the next line. */
    boolean needsNewline() {
        return unendedLine || torn.length > 0;
    }

    /** Takes the file as somebody else left it. */
    void acceptAsItIs() throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        long actual = channel.size();
        try (FileChannel reader = FileChannel.open(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            unendedLine = actual > 0 && reader.read(last, actual - 1) == 1 && last.get(0) != '\n';
        }
        wholeBytes = actual;
        torn = NOTHING;
    }

    /**
     * Appends all of {@code lines}.
     *
     * @throws IOException with the file as it was left by the system; {@link #repair} is to follow
     */
    void write(ByteBuffer lines) throws IOException {
        while (lines.hasRemaining()) {
            channel.write(lines);
        }
        wholeBytes += torn.length + lines.limit();
        torn = NOTHING;
        unendedLine = false;
    }

    /**
     * Cuts off the end of a write that failed.
     *
     * @param wholeLines what of the write stands in the file as whole lines, in bytes
     * @param unended true if the last of these lacks its newline
     * @param rest what stands after them
     */
    void repair(int wholeLines, boolean unended, byte[] rest) {
        long keep = wholeLines == 0 ? expectedBytes() : wholeBytes + torn.length + wholeLines;
        byte[] before = wholeLines == 0 ? torn : NOTHING;
        wholeBytes = keep - before.length;
        torn = before;
        unendedLine = wholeLines == 0 ? unendedLine : unended;
        if (rest.length == 0) {
            return;
        }
        try {
            channel.truncate(keep);
        } catch (IOException e) {
            // An append-only file cannot be cut: the next record says what stands before it.
            torn = Arrays.copyOf(before, before.length + rest.length);
            System.arraycopy(rest, 0, torn, before.length, rest.length);
        }
    }

    /** Has everything written so far put on the disk. */
    void force() throws IOException {
        channel.force(false);
    }

    void close() throws IOException {
        channel.close();
    }
}
