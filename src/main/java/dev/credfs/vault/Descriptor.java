package dev.credfs.vault;

import dev.credfs.crypto.SecretBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * An open file, asked by its descriptor: what is read is what was checked, whatever happens to the path meanwhile.
 */
public final class Descriptor {
    private static final int OWNER_ONLY = 0700;
    private static final int OTHERS_READ = 0044;
    private static final int GROUP_READ = 0040;
    private static final int PERMISSIONS = 0777;
    private static final int ROOT = 0;
    private static final int STDOUT = 1;

    private Descriptor() {}

    /** What of a file's mode its owner may leave to others. */
    enum Readers {
        OWNER,
        /** systemd lets the service's user in by an access list, which shows as the mode of the group. */
        OWNER_AND_GROUP
    }

    private record Stat(int mode, int uid) {
        static Stat of(int fd) throws VaultException {
            byte[] statx = new byte[Native.STATX_BYTES];
            if (Native.LIBC.statx(fd, "", Native.AT_EMPTY_PATH, Native.STATX_BASIC_STATS, statx) != 0) {
                throw new VaultException("descriptor " + fd + ": it is not open (errno " + Native.lastErrno() + ")");
            }
            ByteBuffer fields = ByteBuffer.wrap(statx).order(ByteOrder.nativeOrder());
            return new Stat(
                    Short.toUnsignedInt(fields.getShort(Native.STATX_MODE_AT)), fields.getInt(Native.STATX_UID_AT));
        }

        boolean isRegular() {
            return (mode & Native.S_IFMT) == Native.S_IFREG;
        }
    }

    /**
     * All of a file that is its owner's alone: this user's, or root's.
     *
     * @param what for messages: {@code vault}
     * @throws VaultException if it is not there, a link, open to others or larger than {@code maxBytes}
     */
    static SecretBytes readPrivate(Path file, String what, int maxBytes, Readers readers) throws VaultException {
        String name = what + " " + file;
        int fd = open(file, name);
        try {
            Stat stat = Stat.of(fd);
            if (!stat.isRegular()) {
                throw new VaultException(name + ": not a regular file");
            }
            int allowed = OWNER_ONLY | (readers == Readers.OWNER_AND_GROUP ? GROUP_READ : 0);
            if ((stat.mode & PERMISSIONS & ~allowed) != 0) {
                throw new VaultException(name + ": mode " + Integer.toOctalString(stat.mode & PERMISSIONS)
                        + " lets others in: run 'chmod 600 " + file + "'");
            }
            if (stat.uid != Native.LIBC.geteuid() && stat.uid != ROOT) {
                throw new VaultException(name + ": belongs to uid " + Integer.toUnsignedString(stat.uid)
                        + ", not to this user or root: run 'chown'");
            }
            return read(fd, name, maxBytes);
        } finally {
            Native.LIBC.close(fd);
        }
    }

    /** Whether the file belongs to this user, links not followed. */
    static boolean isOwn(Path file, String what) throws VaultException {
        int fd = open(file, what + " " + file);
        try {
            return Stat.of(fd).uid == Native.LIBC.geteuid();
        } finally {
            Native.LIBC.close(fd);
        }
    }

    private static int open(Path file, String name) throws VaultException {
        // Not blocking: a FIFO put in its place would hold us up for ever.
        int flags = Native.O_RDONLY | Native.O_CLOEXEC | Native.O_NOFOLLOW | Native.O_NONBLOCK | Native.O_NOCTTY;
        int fd = Native.LIBC.open(file.toString(), flags, 0);
        if (fd >= 0) {
            return fd;
        }
        int errno = Native.lastErrno();
        throw new VaultException(name + ": "
                + switch (errno) {
                    case Native.ENOENT -> "no such file";
                    case Native.EACCES -> "permission denied";
                    case Native.ELOOP -> "a symbolic link: name the file itself";
                    default -> "cannot be opened (errno " + errno + ")";
                });
    }

    /**
     * All that an inherited descriptor gives, up to its end.
     *
     * @throws VaultException if it is not open or gives nothing or more than {@code maxBytes}
     */
    public static SecretBytes readInherited(int fd, int maxBytes) throws VaultException {
        Stat.of(fd);
        return read(fd, "descriptor " + fd, maxBytes);
    }

    private static SecretBytes read(int fd, String name, int maxBytes) throws VaultException {
        byte[] all = new byte[maxBytes + 1];
        byte[] some = new byte[Math.min(all.length, 16 * 1024)];
        int length = 0;
        try {
            while (length < all.length) {
                long got = Native.LIBC.read(fd, some, Math.min(some.length, all.length - length));
                if (got < 0 && Native.lastErrno() == Native.EINTR) {
                    continue;
                }
                if (got < 0) {
                    throw new VaultException(name + ": cannot be read (errno " + Native.lastErrno() + ")");
                }
                if (got == 0) {
                    break;
                }
                System.arraycopy(some, 0, all, length, (int) got);
                length += (int) got;
            }
            if (length > maxBytes) {
                throw new VaultException(name + ": more than " + maxBytes + " bytes");
            }
            if (length == 0) {
                throw new VaultException(name + ": it is empty");
            }
            byte[] exact = Arrays.copyOf(all, length);
            try {
                return SecretBytes.copyOf(exact);
            } finally {
                Arrays.fill(exact, (byte) 0);
            }
        } finally {
            Arrays.fill(all, (byte) 0);
            Arrays.fill(some, (byte) 0);
        }
    }

    /**
     * Refuses to reveal a secret on stdout where that is a file that others can read.
     *
     * @throws VaultException if it is
     */
    public static void requirePrivateStdout() throws VaultException {
        Stat stat = Stat.of(STDOUT);
        if (stat.isRegular() && (stat.mode & OTHERS_READ) != 0) {
            throw new VaultException("stdout is a file that others can read (mode "
                    + Integer.toOctalString(stat.mode & PERMISSIONS) + "): run 'umask 077' first");
        }
    }
}
