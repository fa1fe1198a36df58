package dev.credfs.fuse;

import static dev.credfs.fuse.Operation.CHMOD;
import static dev.credfs.fuse.Operation.CHOWN;
import static dev.credfs.fuse.Operation.CREATE;
import static dev.credfs.fuse.Operation.FALLOCATE;
import static dev.credfs.fuse.Operation.FTRUNCATE;
import static dev.credfs.fuse.Operation.GETATTR;
import static dev.credfs.fuse.Operation.LINK;
import static dev.credfs.fuse.Operation.MKDIR;
import static dev.credfs.fuse.Operation.MKNOD;
import static dev.credfs.fuse.Operation.OPEN;
import static dev.credfs.fuse.Operation.READ;
import static dev.credfs.fuse.Operation.READDIR;
import static dev.credfs.fuse.Operation.READLINK;
import static dev.credfs.fuse.Operation.RELEASE;
import static dev.credfs.fuse.Operation.RENAME;
import static dev.credfs.fuse.Operation.RMDIR;
import static dev.credfs.fuse.Operation.STATFS;
import static dev.credfs.fuse.Operation.SYMLINK;
import static dev.credfs.fuse.Operation.TRUNCATE;
import static dev.credfs.fuse.Operation.UNLINK;
import static dev.credfs.fuse.Operation.UTIMENS;
import static dev.credfs.fuse.Operation.WRITE;

import dev.credfs.mint.Attributes;
import dev.credfs.mint.FileHandle;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Slice;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Errno;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.procfs.Processes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import jnr.ffi.provider.jffi.ClosureHelper;
import org.jspecify.annotations.Nullable;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * The callbacks that libfuse calls, and the native table that names them. Each goes through {@link #answer}, which lets
 * nothing out but a number: an exception that left a callback would become the value 0, which is success, and an
 * {@code open} whose policy threw would grant.
 *
 * <p>The one thing this class cannot catch is an error thrown before its first line, in the code that jnr-ffi
 * generates. It still fails closed: such an {@code open} leaves the handle 0, and {@code read} refuses handle 0.
 */
final class Callbacks {
    // struct fuse_file_info, fuse_common.h of libfuse 2.9; the same on every LP64 Linux
    private static final int FLAGS_OFFSET = 0;
    private static final int FH_OFFSET = 24;
    private static final int LOCK_OWNER_OFFSET = 32;

    private static final Pointer NOTHING = Pointer.wrap(Native.RUNTIME, 0L);

    private static final int BLOCK_BYTES = 512;
    private static final int NAME_MAX_BYTES = 64;

    private final Native.LibFuse libfuse;
    private final Mint mint;
    private final Processes processes;
    private final Faults faults;
    private final boolean allowOther;
    private final Places places;
    private final int ownerUid = Native.LIBC.geteuid();
    private final int ownerGid = Native.LIBC.getegid();
    private final FuseOperations operations = new FuseOperations(Native.RUNTIME);
    private final Pointer table = Memory.allocateDirect(Native.RUNTIME, Struct.size(operations), true);

    private final Handler getattr = this::getattr;
    private final Handler readdir = this::readdir;
    private final Handler open = this::open;
    private final Handler read = this::read;
    private final Handler release = this::release;
    private final Handler statfs = this::statfs;
    private final Handler utimens = this::utimens;
    private final Handler readOnly = Callbacks::readOnly;
    private final Handler notALink = Callbacks::notALink;

    private volatile @Nullable Probe probe;
    private volatile boolean draining;

    /**
     * One operation's own work.
     *
     * @see #answer for the parameters
     */
    @FunctionalInterface
    private interface Handler {
        int handle(Requester requester, String path, Pointer memory, long sizeBytes, long offset, Pointer info)
                throws RefusedException;
    }

    /**
     * @param allowOther other users may reach the mount, so the modes admit them and the mint decides
     * @param concurrentMints opens and reads in the mint at once
     */
    Callbacks(
            Native.LibFuse libfuse,
            Mint mint,
            Processes processes,
            Faults faults,
            boolean allowOther,
            int concurrentMints) {
        this.libfuse = libfuse;
        this.mint = mint;
        this.processes = processes;
        this.faults = faults;
        this.allowOther = allowOther;
        this.places = new Places(concurrentMints);
        register();
    }

    /** The native table. It and its closures live as long as this object, which must outlive the session. */
    Pointer table() {
        return table;
    }

    long tableBytes() {
        return Struct.size(operations);
    }

    /** Makes the probe readable, or, with null, gone. */
    void serve(@Nullable Probe newProbe) {
        probe = newProbe;
    }

    /** From here on no file is opened; what is open can be read and released. */
    void drain() {
        draining = true;
    }

    private void register() {
        operations.useMemory(table);
        operations.getattr.set((path, stat) -> answer(GETATTR, getattr, path, stat, 0, 0, stat));
        operations.readdir.set(
                (path, buf, filler, offset, fi) -> answer(READDIR, readdir, path, buf, 0, offset, filler));
        operations.open.set((path, fi) -> answer(OPEN, open, path, NOTHING, 0, 0, fi));
        operations.read.set((path, buf, size, offset, fi) -> answer(READ, read, path, buf, size, offset, fi));
        operations.release.set((path, fi) -> answer(RELEASE, release, path, NOTHING, 0, 0, fi));
        operations.statfs.set((path, statvfs) -> answer(STATFS, statfs, path, statvfs, 0, 0, statvfs));
        operations.utimens.set((path, times) -> answer(UTIMENS, utimens, path, times, 0, 0, times));
        operations.readlink.set((path, buf, size) -> answer(READLINK, notALink, path, buf, size, 0, buf));
        operations.mknod.set((path, mode, device) -> refuse(MKNOD, path));
        operations.mkdir.set((path, mode) -> refuse(MKDIR, path));
        operations.unlink.set(path -> refuse(UNLINK, path));
        operations.rmdir.set(path -> refuse(RMDIR, path));
        operations.symlink.set((target, path) -> refuse(SYMLINK, path));
        operations.rename.set((from, to) -> refuse(RENAME, from));
        operations.link.set((from, to) -> refuse(LINK, from));
        operations.chmod.set((path, mode) -> refuse(CHMOD, path));
        operations.chown.set((path, uid, gid) -> refuse(CHOWN, path));
        operations.truncate.set((path, size) -> refuse(TRUNCATE, path));
        operations.ftruncate.set((path, size, fi) -> refuse(FTRUNCATE, path));
        operations.create.set((path, mode, fi) -> refuse(CREATE, path));
        operations.write.set((path, buf, size, offset, fi) -> refuse(WRITE, path));
        operations.fallocate.set((path, mode, offset, length, fi) -> refuse(FALLOCATE, path));
    }

    /**
     * The wrapper around every callback. Nothing is allocated before its {@code try}, so that even running out of
     * memory is caught here.
     *
     * @param memory what the operation fills
     * @param info {@code struct fuse_file_info}; for readdir the function that takes names
     * @return 0 or a count of bytes, or a negative errno from the operation's list
     */
    private int answer(
            Operation operation,
            Handler handler,
            String path,
            Pointer memory,
            long sizeBytes,
            long offset,
            Pointer info) {
        try {
            Requester requester = Requester.current(libfuse);
            if (probe == null) {
                faults.strike(operation);
            }
            return handler.handle(requester, path, memory, sizeBytes, offset, info);
        } catch (RefusedException refusal) {
            return operation.answer(refusal.failure().errno());
        } catch (Throwable bug) {
            try {
                mint.internalError(operation.spelling(), bug);
            } catch (Throwable unrecordable) {
                return -Errno.EIO.number();
            }
            return operation.answer(Errno.EIO);
        }
    }

    private int refuse(Operation operation, String path) {
        return answer(operation, readOnly, path, NOTHING, 0, 0, NOTHING);
    }

    private static int readOnly(
            Requester requester, String path, Pointer memory, long sizeBytes, long offset, Pointer info)
            throws RefusedException {
        throw new RefusedException(Failure.READ_ONLY, "credfs is read-only");
    }

    private static int notALink(
            Requester requester, String path, Pointer memory, long sizeBytes, long offset, Pointer info) {
        return -Errno.EINVAL.number();
    }

    private int getattr(Requester requester, String path, Pointer stat, long sizeBytes, long offset, Pointer same)
            throws RefusedException {
        Probe hidden = probeFor(requester, path);
        put(hidden == null ? mint.attributes(path) : hidden.attributes(), FileStat.of(stat));
        return 0;
    }

    private void put(Attributes attributes, FileStat stat) {
        Instant modified = attributes.modified();
        stat.st_ino.set(attributes.inode());
        stat.st_mode.set(mode(attributes.directory()));
        stat.st_nlink.set(attributes.directory() ? 2 : 1);
        stat.st_uid.set(ownerUid);
        stat.st_gid.set(ownerGid);
        stat.st_size.set(attributes.sizeBytes());
        stat.st_blocks.set((attributes.sizeBytes() + BLOCK_BYTES - 1) / BLOCK_BYTES);
        for (Timespec time : new Timespec[] {stat.st_atim, stat.st_mtim, stat.st_ctim}) {
            time.tv_sec.set(modified.getEpochSecond());
            time.tv_nsec.set(modified.getNano());
        }
    }

    private int mode(boolean directory) {
        if (directory) {
            return FileStat.S_IFDIR | (allowOther ? 0555 : 0500);
        }
        return FileStat.S_IFREG | (allowOther ? 0444 : 0400);
    }

    private int readdir(Requester requester, String path, Pointer names, long sizeBytes, long offset, Pointer filler)
            throws RefusedException {
        FuseFillDir fill = ClosureHelper.getInstance()
                .getNativeConveter(FuseFillDir.class)
                .fromNative(filler, ClosureHelper.getInstance().getFromNativeContext());
        Pointer stat = Memory.allocateDirect(Native.RUNTIME, Struct.size(new FileStat(Native.RUNTIME)), true);
        put(mint.attributes(path), FileStat.of(stat));
        add(fill, names, ".", stat);
        add(fill, names, "..", stat);
        for (String name : mint.list(path)) {
            put(mint.attributes(path.equals("/") ? "/" + name : path + "/" + name), FileStat.of(stat));
            add(fill, names, name, stat);
        }
        return 0;
    }

    private static void add(FuseFillDir fill, Pointer names, String name, Pointer stat) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer terminated = ByteBuffer.wrap(Arrays.copyOf(bytes, bytes.length + 1));
        if (fill.apply(names, terminated, stat, 0) != 0) {
            throw new IllegalStateException("libfuse has no memory for the directory");
        }
    }

    private int open(Requester requester, String path, Pointer nothing, long sizeBytes, long offset, Pointer info)
            throws RefusedException {
        int flags = info.getInt(FLAGS_OFFSET);
        if ((flags & Native.O_ACCMODE) != Native.O_RDONLY || (flags & (Native.O_TRUNC | Native.O_CREAT)) != 0) {
            throw new RefusedException(Failure.READ_ONLY, "credfs is read-only");
        }
        if (probeFor(requester, path) != null) {
            info.putLong(FH_OFFSET, Probe.HANDLE);
            return 0;
        }
        if (draining) {
            throw turnedAway(requester, path, new RefusedException(Failure.NOT_MOUNTED, "credfs is stopping"));
        }
        Places.Place place = enterMint(requester, path);
        try {
            Caller caller = identify(requester, path);
            if (libfuse.fuse_interrupted() != 0 && requester.isDying()) {
                throw turnedAway(
                        requester,
                        path,
                        new RefusedException(
                                Failure.CALLER_REFUSED, "the caller was killed before its token was minted"));
            }
            FileHandle handle = mint.open(path, caller);
            if (handle.number() == 0 || handle.number() == Probe.HANDLE) {
                throw new IllegalStateException("the mint gave out the reserved handle " + handle.number());
            }
            info.putLong(FH_OFFSET, handle.number());
            return 0;
        } finally {
            places.leave(place);
        }
    }

    private int read(Requester requester, String path, Pointer buffer, long sizeBytes, long offset, Pointer info)
            throws RefusedException {
        long handle = info.getLong(FH_OFFSET);
        Probe hidden = handle == Probe.HANDLE && requester.isSelf() ? probe : null;
        if (info.getLong(LOCK_OWNER_OFFSET) == 0) {
            if (hidden != null) {
                hidden.sharedReadsRefused.incrementAndGet();
                throw new RefusedException(Failure.SHARED_READ, "the self-test asks for it");
            }
            throw turnedAway(
                    requester,
                    path,
                    new RefusedException(
                            Failure.SHARED_READ, "the bytes would fill the page cache and reach other callers"));
        }
        if (hidden != null) {
            int from = (int) Math.min(offset, hidden.nonce().length);
            return Reply.copy(hidden.nonce(), from, hidden.nonce().length - from, buffer, sizeBytes);
        }
        if (handle == 0 || handle == Probe.HANDLE) {
            throw new IllegalStateException("read of handle " + handle + ", which no open gave out");
        }
        Places.Place place = enterMint(requester, path);
        try {
            int wanted = (int) Math.min(sizeBytes, Integer.MAX_VALUE);
            Slice slice = mint.read(new FileHandle(handle), identify(requester, path), offset, wanted);
            return Reply.copy(slice.content(), slice.from(), slice.lengthBytes(), buffer, sizeBytes);
        } finally {
            places.leave(place);
        }
    }

    private int release(Requester nobody, String path, Pointer nothing, long sizeBytes, long offset, Pointer info) {
        long handle = info.getLong(FH_OFFSET);
        if (handle != 0 && handle != Probe.HANDLE) {
            mint.release(new FileHandle(handle));
        }
        return 0;
    }

    private int statfs(Requester requester, String path, Pointer statvfs, long sizeBytes, long offset, Pointer same) {
        Statvfs answer = Statvfs.of(statvfs);
        answer.f_bsize.set(BLOCK_BYTES);
        answer.f_frsize.set(BLOCK_BYTES);
        answer.f_namemax.set(NAME_MAX_BYTES);
        return 0;
    }

    /** Touching is how the daemon itself wakes watchers ({@link RefreshTicks}); it changes nothing that is kept. */
    private int utimens(Requester requester, String path, Pointer times, long sizeBytes, long offset, Pointer same)
            throws RefusedException {
        if (!requester.isSelf()) {
            throw new RefusedException(Failure.READ_ONLY, "credfs is read-only");
        }
        mint.attributes(path);
        return 0;
    }

    private @Nullable Probe probeFor(Requester requester, String path) {
        Probe current = probe;
        return current != null && current.isAt(path) && requester.isSelf() ? current : null;
    }

    private Caller identify(Requester requester, String path) throws RefusedException {
        try {
            requester.requireVisible();
            return processes.identify(requester.tid(), requester.uid(), requester.gid());
        } catch (RefusedException refusal) {
            mint.refusedUnclear(path, requester.tid(), requester.uid(), refusal);
            throw refusal;
        }
    }

    private Places.Place enterMint(Requester requester, String path) throws RefusedException {
        try {
            return places.enter(requester.uid());
        } catch (RefusedException refusal) {
            throw turnedAway(requester, path, refusal);
        }
    }

    private RefusedException turnedAway(Requester requester, String path, RefusedException refusal) {
        mint.turnedAway(path, requester.tid(), requester.uid(), refusal);
        return refusal;
    }
}
