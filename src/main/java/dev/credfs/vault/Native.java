package dev.credfs.vault;

import java.util.Locale;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/** What the JDK has no way to ask of Linux: an open descriptor's owner and mode, a terminal's echo, the kernel's keyrings. */
final class Native {
    static final LibC LIBC = LibraryLoader.create(LibC.class).failImmediately().load("c");
    private static final Runtime RUNTIME = Runtime.getSystemRuntime();

    static final int EINTR = 4;
    static final int ENOENT = 2;
    static final int EACCES = 13;
    static final int ELOOP = 40;
    static final int ENOKEY = 126;
    static final int EWOULDBLOCK = 11;

    static final int O_RDONLY = 0;
    static final int O_RDWR = 2;
    static final int O_CREAT = 0100;
    static final int O_NOCTTY = 0400;
    static final int O_NONBLOCK = 04000;
    static final int O_NOFOLLOW = 0400000;
    static final int O_CLOEXEC = 02000000;
    static final int LOCK_EX = 2;
    static final int LOCK_NB = 4;

    // linux/stat.h: the one struct of its kind that is laid out alike on every architecture
    static final int AT_EMPTY_PATH = 0x1000;
    static final int STATX_BASIC_STATS = 0x7ff;
    static final int STATX_BYTES = 256;
    static final int STATX_UID_AT = 20;
    static final int STATX_MODE_AT = 28;
    static final int S_IFMT = 0170000;
    static final int S_IFREG = 0100000;

    // asm-generic/termbits.h
    static final int TERMIOS_BYTES = 128;
    static final int LFLAG_AT = 12;
    static final int ECHO = 010;
    static final int TCSAFLUSH = 2;

    // linux/keyctl.h
    static final int KEYCTL_GET_KEYRING_ID = 0;
    static final int KEYCTL_REVOKE = 3;
    static final int KEYCTL_SETPERM = 5;
    static final int KEYCTL_UNLINK = 9;
    static final int KEYCTL_SEARCH = 10;
    static final int KEYCTL_READ = 11;
    static final int KEYCTL_SET_TIMEOUT = 15;
    static final int KEY_SPEC_SESSION_KEYRING = -3;
    /** Whoever possesses it may do everything, everybody else nothing: not even its own user, root included. */
    static final int KEY_POS_ALL = 0x3f000000;

    private static final boolean X86 =
            System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("amd64");
    /** Numbers of system calls: asm/unistd_64.h, and asm-generic/unistd.h for the rest. */
    static final long ADD_KEY = X86 ? 248 : 217;

    static final long KEYCTL = X86 ? 250 : 219;

    private Native() {}

    /** The error of this thread's last call. */
    static int lastErrno() {
        return RUNTIME.getLastError();
    }

    /** System calls by the names of their manual pages; public only because jnr-ffi implements it from elsewhere. */
    public interface LibC {
        int open(@In String path, int flags, int mode);

        int close(int fd);

        long read(int fd, @Out byte[] buffer, long sizeBytes);

        long write(int fd, @In byte[] buffer, long sizeBytes);

        int flock(int fd, int operation);

        int geteuid();

        int statx(int directoryFd, @In String path, int flags, int mask, @Out byte[] statx);

        int tcgetpgrp(int fd);

        int getpgrp();

        int tcgetattr(int fd, @Out byte[] termios);

        int tcsetattr(int fd, int when, @In byte[] termios);

        /** {@code add_key}. */
        long syscall(
                long number,
                @In byte[] type,
                @In byte[] description,
                @In byte[] payload,
                long payloadBytes,
                long keyring);

        /** {@code keyctl(KEYCTL_SEARCH, …)}. */
        long syscall(
                long number, long operation, long keyring, @In byte[] type, @In byte[] description, long destination);

        /** {@code keyctl(KEYCTL_READ, …)}. */
        long syscall(long number, long operation, long key, @Out byte[] buffer, long bufferBytes);

        /** {@code keyctl} of two numbers. */
        long syscall(long number, long operation, long first, long second);
    }
}
