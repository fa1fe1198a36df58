package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What must hold before anything is mounted, each with a message of its own. libfuse and fusermount would fail later,
 * with messages that name neither the place nor the remedy.
 */
final class Preflight {
    private static final Path DEV_FUSE = Path.of("/dev/fuse");
    private static final Path FUSE_CONF = Path.of("/etc/fuse.conf");
    private static final int S_ISVTX = 01000;
    private static final int WORLD_WRITABLE = 0002;

    private Preflight() {}

    /** The mountpoint as the kernel will spell it: its parent without symbolic links, its own name unresolved. */
    static Path locate(Path mountpoint) throws MountException {
        Path normal = mountpoint.normalize();
        Path parent = normal.getParent();
        Path name = normal.getFileName();
        if (parent == null || name == null) {
            throw unusable(mountpoint + " cannot be a mountpoint");
        }
        try {
            return parent.toRealPath().resolve(name);
        } catch (NoSuchFileException e) {
            throw unusable("the directory " + parent + " does not exist; make it and the mountpoint in it");
        } catch (IOException e) {
            throw unusable("cannot resolve " + parent + ": " + e);
        }
    }

    /** Refuses a parent where another user could put something in the mountpoint's place. */
    static void requirePrivateParent(Path mountpoint) throws MountException {
        Path parent = parentOf(mountpoint);
        int mode = mode(parent);
        if ((mode & S_ISVTX) != 0) {
            throw unusable(parent + " is a sticky directory, shared by its nature; mount in a directory of your own");
        }
        if ((mode & WORLD_WRITABLE) != 0) {
            throw unusable("anyone can write to " + parent + "; mount in a directory of your own (chmod o-w)");
        }
    }

    static void requireUsable(Path mountpoint) throws MountException {
        if (Files.isSymbolicLink(mountpoint)) {
            throw unusable(mountpoint + " is a symbolic link; name the directory itself");
        }
        if (!Files.exists(mountpoint, LinkOption.NOFOLLOW_LINKS)) {
            throw unusable(mountpoint + " does not exist; make the directory first");
        }
        if (!Files.isDirectory(mountpoint, LinkOption.NOFOLLOW_LINKS)) {
            throw unusable(mountpoint + " is not a directory");
        }
        int self = Native.LIBC.geteuid();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(mountpoint)) {
            if (self != 0 && !Files.getAttribute(mountpoint, "unix:uid").equals(self)) {
                throw unusable(mountpoint + " belongs to another user; only root may mount there");
            }
            if (entries.iterator().hasNext()) {
                throw unusable(mountpoint + " is not empty; what is in it would be hidden");
            }
        } catch (IOException e) {
            throw unusable("cannot read " + mountpoint + ": " + e);
        }
    }

    static Native.LibFuse requireLibFuse() throws MountException {
        try {
            return Native.loadLibFuse();
        } catch (UnsatisfiedLinkError e) {
            throw MountException.of("libfuse.so.2 cannot be loaded; install the package libfuse2 (or libfuse2t64)", e);
        }
    }

    /** The fusermount that libfuse 2 will find: {@code /bin/fusermount}, then the search path. */
    static Path requireFusermount() throws MountException {
        Path found = find("fusermount");
        if (found != null) {
            return found;
        }
        Path newer = find("fusermount3");
        if (newer != null) {
            throw new MountException(
                    Failure.NOT_MOUNTED,
                    "only " + newer + " is there and libfuse 2 looks for fusermount; reinstall the package fuse3,"
                            + " which links one to the other");
        }
        throw new MountException(Failure.NOT_MOUNTED, "fusermount is not installed; install the package fuse3");
    }

    /** Opens and closes the device, since only an open says whether a driver stands behind it. */
    static void requireDevice() throws MountException {
        int fd = Native.LIBC.open(DEV_FUSE.toString(), Native.O_RDWR | Native.O_CLOEXEC);
        if (fd >= 0) {
            Native.LIBC.close(fd);
            return;
        }
        int errno = Native.lastErrno();
        throw new MountException(
                Failure.NOT_MOUNTED,
                switch (errno) {
                    case Native.ENOENT ->
                        DEV_FUSE + " does not exist; load the module (modprobe fuse) or pass the"
                                + " device into this container";
                    case Native.EACCES, Native.EPERM ->
                        "no permission to open " + DEV_FUSE + "; run as root or let this user read and write it";
                    case Native.ENODEV, Native.ENXIO ->
                        "the kernel has no driver behind " + DEV_FUSE + "; load the module (modprobe fuse)";
                    default -> "cannot open " + DEV_FUSE + ": errno " + errno;
                });
    }

    static void requireAllowOtherPermitted() throws MountException {
        if (Native.LIBC.geteuid() == 0) {
            return;
        }
        String conf = "";
        try {
            conf = Files.readString(FUSE_CONF, StandardCharsets.UTF_8);
        } catch (IOException absent) {
            // No file permits nothing, the same as an empty one.
        }
        if (conf.lines().noneMatch(line -> line.strip().equals("user_allow_other"))) {
            throw new MountException(
                    Failure.NOT_MOUNTED,
                    "allow_other needs the line user_allow_other in " + FUSE_CONF + " unless credfs runs as root");
        }
    }

    /**
     * Under {@code -Xrs} the JVM leaves SIGTERM alone, and libfuse would take it: its handler sets a flag that no
     * thread which waits in a read ever looks at.
     */
    static void requireOwnSignalHandlers() throws MountException {
        int sigterm = 15;
        try {
            long handled = 0;
            for (String line : Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.ISO_8859_1)) {
                if (line.startsWith("SigCgt:") || line.startsWith("SigIgn:")) {
                    handled |= Long.parseUnsignedLong(line.substring(7).strip(), 16);
                }
            }
            if ((handled >>> (sigterm - 1) & 1) == 0) {
                throw new MountException(
                        Failure.NOT_MOUNTED,
                        "the JVM does not handle SIGTERM, so nothing would unmount; run it without -Xrs");
            }
        } catch (IOException e) {
            throw MountException.of("cannot read /proc/self/status: " + e, e);
        }
    }

    /**
     * Lazily unmounts dead mounts of ours that stand at the mountpoint, and refuses anything else there.
     *
     * @return the pids of the daemons whose mounts were cleared
     */
    static List<String> clear(Path mountpoint, Unmount unmount) throws MountException, IOException {
        List<String> cleared = new ArrayList<>();
        for (MountEntry top = MountEntry.at(mountpoint); top != null; top = MountEntry.at(mountpoint)) {
            if (!top.isOurs()) {
                throw unusable(mountpoint + " is taken by a mount of type " + top.type() + " from " + top.source()
                        + "; unmount it or choose another place");
            }
            if (!isDead(mountpoint)) {
                throw new MountException(
                        Failure.NOT_MOUNTED,
                        mountpoint + " is already mounted by credfs, pid " + top.daemonPid() + "; stop it first");
            }
            if (!unmount.lazily()) {
                throw new MountException(
                        Failure.NOT_MOUNTED,
                        "cannot clear the dead mount at " + mountpoint + "; as root run: umount -l " + mountpoint);
            }
            cleared.add(top.daemonPid());
        }
        return cleared;
    }

    static Path parentOf(Path mountpoint) {
        Path parent = mountpoint.getParent();
        if (parent == null) {
            throw new IllegalArgumentException("no parent: " + mountpoint);
        }
        return parent;
    }

    /** A FUSE mount whose daemon is gone answers ENOTCONN, or ECONNABORTED where it was aborted, to everything. */
    private static boolean isDead(Path mountpoint) {
        int fd = Native.LIBC.open(mountpoint.toString(), Native.O_RDONLY | Native.O_CLOEXEC);
        if (fd >= 0) {
            Native.LIBC.close(fd);
            return false;
        }
        int errno = Native.lastErrno();
        return errno == Native.ENOTCONN || errno == Native.ECONNABORTED;
    }

    private static int mode(Path path) throws MountException {
        try {
            return (Integer) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            throw unusable("cannot stat " + path + ": " + e);
        }
    }

    private static @Nullable Path find(String program) {
        Path first = Path.of("/bin", program);
        if (Files.isExecutable(first)) {
            return first;
        }
        String searchPath = System.getenv("PATH");
        if (searchPath != null) {
            for (String directory : searchPath.split(":", -1)) {
                Path candidate = Path.of(directory, program);
                if (!directory.isEmpty() && Files.isExecutable(candidate)) {
                    return candidate;
                }
            }
        }
        return null;
    }

    private static MountException unusable(String message) {
        return new MountException(Failure.CONFIGURATION_INVALID, message);
    }
}
