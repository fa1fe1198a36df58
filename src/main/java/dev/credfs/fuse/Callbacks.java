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
import static dev.credfs.fuse.Operation.READDIR;
import static dev.credfs.fuse.Operation.READLINK;
import static dev.credfs.fuse.Operation.RENAME;
import static dev.credfs.fuse.Operation.RMDIR;
import static dev.credfs.fuse.Operation.STATFS;
import static dev.credfs.fuse.Operation.SYMLINK;
import static dev.credfs.fuse.Operation.TRUNCATE;
import static dev.credfs.fuse.Operation.UNLINK;
import static dev.credfs.fuse.Operation.UTIMENS;
import static dev.credfs.fuse.Operation.WRITE;

import dev.credfs.mint.Attributes;
import dev.credfs.mint.Mint;
import dev.credfs.policy.Errno;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Struct;
import jnr.ffi.provider.jffi.ClosureHelper;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseOperations;
import ru.serce.jnrfuse.struct.Statvfs;
import ru.serce.jnrfuse.struct.Timespec;

/**
 * The callbacks that libfuse calls, and the native table that names them. Each goes through {@link #answer}, which lets
 * nothing out but a number: an exception that left a callback would become the value 0, which is success.
 *
 * <p>There is none for {@code open}, {@code read} and {@code release}, which are {@link FileRequests}. If one of these came to
 * libfuse all the same it would fail closed: such an open leaves the handle 0, and a read without a callback is an error.
 *
 * <p>The one thing this class cannot catch is an error thrown before its first line, in the code that jnr-ffi generates.
 * Nothing is granted by any of these.
 */
final class Callbacks {
    private static final Pointer NOTHING = Pointer.wrap(Native.RUNTIME, 0L);

    private static final int BLOCK_BYTES = 512;
    private static final int NAME_MAX_BYTES = 64;

    private final Native.LibFuse libfuse;
    private final Mint mint;
    private final FileRequests files;
    private final boolean allowOther;
    private final int ownerUid = Native.LIBC.geteuid();
    private final int ownerGid = Native.LIBC.getegid();
    private final FuseOperations operations = new FuseOperations(Native.RUNTIME);
    private final Pointer table = Memory.allocateDirect(Native.RUNTIME, Struct.size(operations), true);

    private final Handler getattr = this::getattr;
    private final Handler readdir = this::readdir;
    private final Handler statfs = this::statfs;
    private final Handler utimens = this::utimens;
    private final Handler readOnly = Callbacks::readOnly;
    private final Handler notALink = Callbacks::notALink;

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

    /** @param allowOther other users may reach the mount, so the modes admit them and the mint decides */
    Callbacks(Native.LibFuse libfuse, Mint mint, FileRequests files, boolean allowOther) {
        this.libfuse = libfuse;
        this.mint = mint;
        this.files = files;
        this.allowOther = allowOther;
        register();
    }

    /** The native table. It and its closures live as long as this object, which must outlive the session. */
    Pointer table() {
        return table;
    }

    long tableBytes() {
        return Struct.size(operations);
    }

    /** What answers the requests that no callback is for. */
    FileRequests files() {
        return files;
    }

    private void register() {
        operations.useMemory(table);
        operations.getattr.set((path, stat) -> answer(GETATTR, getattr, path, stat, 0, 0, stat));
        operations.readdir.set(
                (path, buf, filler, offset, fi) -> answer(READDIR, readdir, path, buf, 0, offset, filler));
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
            files.strike(operation);
            return handler.handle(requester, path, memory, sizeBytes, offset, info);
        } catch (Throwable thrown) {
            return files.failed(operation, thrown);
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
        Probe hidden = files.probeFor(requester, path);
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
}
