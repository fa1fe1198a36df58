package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What the mount must prove before it is called ready, through the kernel and on a hidden file: that a read returns
 * exactly its bytes, and that the kernel marks page-cache fills, so that they can be refused. Kernels differ; one that
 * does not mark them would hand one caller's token to the next.
 */
final class SelfTest {
    /** Enough for the JVM to have compiled the stubs and the callbacks that every open goes through. */
    private static final int WARM_UP_ROUNDS = 200;

    private final String path;
    private final Probe probe;

    SelfTest(Path mountpoint, Probe probe) {
        this.path = mountpoint.resolve(probe.name()).toString();
        this.probe = probe;
    }

    void run() throws MountException {
        for (int i = 0; i < WARM_UP_ROUNDS; i++) {
            int fd = open(path, Native.O_RDONLY);
            readBack(fd);
            Native.LIBC.close(fd);
        }
        refusesSendfile();
        refusesSplice();
    }

    private void readBack(int fd) throws MountException {
        byte[] nonce = probe.nonce();
        byte[] buffer = new byte[nonce.length + 1];
        long count = Native.LIBC.pread(fd, buffer, buffer.length, 0);
        if (count != nonce.length || !Arrays.equals(buffer, 0, nonce.length, nonce, 0, nonce.length)) {
            throw failed(
                    "a read through the mount returned " + count + " bytes, not the ones that were written for it");
        }
    }

    private void refusesSendfile() throws MountException {
        int in = open(path, Native.O_RDONLY);
        int out = open("/dev/null", Native.O_WRONLY);
        int before = probe.sharedReadsRefused.get();
        long sent = Native.LIBC.sendfile(out, in, 0, probe.nonce().length);
        int errno = Native.lastErrno();
        Native.LIBC.close(out);
        Native.LIBC.close(in);
        requireRefused("sendfile", sent, errno, before);
    }

    private void refusesSplice() throws MountException {
        int[] pipe = new int[2];
        if (Native.LIBC.pipe2(pipe, Native.O_CLOEXEC) != 0) {
            throw failed("no pipe: errno " + Native.lastErrno());
        }
        int in = open(path, Native.O_RDONLY);
        int before = probe.sharedReadsRefused.get();
        long spliced = Native.LIBC.splice(in, new long[1], pipe[1], 0, probe.nonce().length, 0);
        int errno = Native.lastErrno();
        Native.LIBC.close(in);
        Native.LIBC.close(pipe[0]);
        Native.LIBC.close(pipe[1]);
        requireRefused("splice", spliced, errno, before);
    }

    /**
     * That it failed is not enough, it has to be our own refusal: another cause would not be there for the next file.
     */
    private void requireRefused(String call, long result, int errno, int before) throws MountException {
        if (result >= 0) {
            throw failed(
                    call + " got " + result + " bytes out of the page cache: this kernel does not mark such reads, and"
                            + " one caller's token would reach another");
        }
        if (errno != Native.EINVAL || probe.sharedReadsRefused.get() == before) {
            throw failed(call + " failed with errno " + errno + " and not because credfs refused it");
        }
    }

    private static int open(String file, int flags) throws MountException {
        int fd = Native.LIBC.open(file, flags | Native.O_CLOEXEC);
        if (fd < 0) {
            throw failed("cannot open " + file + ": errno " + Native.lastErrno());
        }
        return fd;
    }

    private static MountException failed(String what) {
        return new MountException(Failure.NOT_MOUNTED, "the mount failed its self-test and was taken down: " + what);
    }
}
