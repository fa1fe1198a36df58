package dev.credfs.fuse;

import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.Delegate;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import org.jspecify.annotations.Nullable;

/**
 * The two native libraries this package calls: libfuse 2.9 and the C library. The interfaces are public only because
 * jnr-ffi implements them from a class loader of its own; the class around them keeps them inside the package.
 */
final class Native {
    static final LibC LIBC = LibraryLoader.create(LibC.class).failImmediately().load("c");

    static final Runtime RUNTIME = Runtime.getSystemRuntime();

    // asm-generic/errno-base.h, errno.h
    static final int EPERM = 1;
    static final int ENOENT = 2;
    static final int EINTR = 4;
    static final int EIO = 5;
    static final int ENXIO = 6;
    static final int EAGAIN = 11;
    static final int EACCES = 13;
    static final int EBUSY = 16;
    static final int ENODEV = 19;
    static final int EINVAL = 22;
    static final int ECONNABORTED = 103;
    static final int ENOTCONN = 107;

    // asm-generic/fcntl.h
    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_ACCMODE = 3;
    static final int O_CREAT = 0100;
    static final int O_TRUNC = 01000;
    static final int O_CLOEXEC = 02000000;
    static final int AT_FDCWD = -100;

    // linux/mount.h, linux/fs.h
    static final long MS_BIND = 1L << 12;
    static final long MS_REC = 1L << 14;
    static final long MS_SHARED = 1L << 20;
    static final int MNT_FORCE = 1;
    static final int MNT_DETACH = 2;
    static final int UMOUNT_NOFOLLOW = 8;

    // bits/socket.h
    static final int AF_UNIX = 1;
    static final int SOCK_DGRAM = 2;
    static final int SOCK_CLOEXEC = 02000000;
    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;

    static final int PR_SET_DUMPABLE = 4;
    static final int SIGKILL = 9;

    private Native() {}

    /** The error of this thread's last call into {@link LibC}. */
    static int lastErrno() {
        return RUNTIME.getLastError();
    }

    /** Opens libfuse 2.9; throws {@link UnsatisfiedLinkError} where it is not installed. */
    static LibFuse loadLibFuse() {
        return LibraryLoader.create(LibFuse.class).failImmediately().load("libfuse.so.2");
    }

    /**
     * The part of libfuse 2.9 that a session loop of one's own needs, {@code fuse.h} and {@code fuse_lowlevel.h}.
     * Addresses are plain {@code long}s and errno is not saved: both cost more than the calls themselves.
     */
    public interface LibFuse {
        /**
         * Mounts, creates the filesystem and its session. With {@code -f} among the arguments it neither forks nor
         * daemonises.
         *
         * @param mountpoint receives the address of a copy of the mountpoint, or 0 where it failed
         * @return the {@code struct fuse}, or 0
         */
        @IgnoreError
        long fuse_setup(
                int argc,
                @In String[] argv,
                Pointer operations,
                long operationsBytes,
                @Out long[] mountpoint,
                @Out int[] multithreaded,
                long userData);

        @IgnoreError
        long fuse_get_session(long fuse);

        @IgnoreError
        long fuse_session_next_chan(long session, long channel);

        @IgnoreError
        long fuse_chan_bufsize(long channel);

        @IgnoreError
        int fuse_chan_fd(long channel);

        /** Blocks for one request; its length in bytes, 0 after an unmount, or a negative errno. */
        @IgnoreError
        int fuse_chan_recv(long channelCell, long buffer, long bufferBytes);

        @IgnoreError
        void fuse_session_process(long session, long buffer, long requestBytes, long channel);

        @IgnoreError
        int fuse_session_exited(long session);

        @IgnoreError
        void fuse_session_exit(long session);

        /** Frees the session and closes the device; with mountpoint 0 it unmounts nothing. */
        @IgnoreError
        void fuse_teardown(long fuse, long mountpoint);

        /** Writes an answer to the device; 0 or a negative errno, ENOENT where nobody waits for it any more. */
        @IgnoreError
        int fuse_chan_send(long channel, long parts, long count);

        /** A channel of one's own, or 0. The operations are copied. */
        @IgnoreError
        long fuse_chan_new(Pointer operations, int fd, long bufferBytes, long data);

        @IgnoreError
        void fuse_chan_destroy(long channel);

        @IgnoreError
        long fuse_get_context();
    }

    /** What libfuse calls, whichever operation it is: see {@link Callbacks}. */
    public interface Callback {
        @Delegate
        int call(long path, long second, long third, long fourth);
    }

    /** What a channel of one's own does with an answer, as {@link LibFuse#fuse_chan_send} of any other. */
    public interface Send {
        @Delegate
        int send(long channel, long parts, long count);
    }

    /** System calls by the names of their manual pages (section 2); each leaves its error in {@link #lastErrno()}. */
    public interface LibC {
        int mount(
                @In @Nullable String source,
                @In String target,
                @In @Nullable String type,
                long flags,
                @In @Nullable String data);

        int umount2(@In String target, int flags);

        int prctl(int option, long arg2, long arg3, long arg4, long arg5);

        int open(@In String path, int flags);

        int close(int fd);

        long write(int fd, long bufferAddress, long sizeBytes);

        long pread(int fd, @Out byte[] buffer, long sizeBytes, long offset);

        long sendfile(int outFd, int inFd, long offsetAddress, long countBytes);

        /**
         * The offset is an array because six arguments without one go through a stub of jffi 1.3.15 that hands the
         * sixth over as garbage (seen in strace).
         */
        long splice(int inFd, @In @Out long[] inOffset, int outFd, long outOffsetAddress, long lengthBytes, int flags);

        int pipe2(@Out int[] fds, int flags);

        int utimensat(int directoryFd, @In String path, long timesAddress, int flags);

        int socket(int domain, int type, int protocol);

        int connect(int socket, @In byte[] address, int addressBytes);

        long send(int socket, @In byte[] message, long messageBytes, int flags);

        int kill(int pid, int signal);

        int waitpid(int pid, @Out int[] status, int options);

        int geteuid();

        int getegid();
    }
}
