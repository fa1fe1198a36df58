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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jnr.ffi.BaseStruct;
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

    /** Held for as long as libfuse may call them. */
    private final List<Native.Callback> callbacks = new ArrayList<>();

    /** One operation's own work, with the arguments that it has after the path. */
    @FunctionalInterface
    private interface Handler {
        int handle(Requester requester, String path, long second, long third, long fourth) throws RefusedException;
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
        serve(operations.getattr, GETATTR, this::getattr);
        serve(operations.readdir, READDIR, this::readdir);
        serve(operations.statfs, STATFS, this::statfs);
        serve(operations.utimens, UTIMENS, this::utimens);
        serve(operations.readlink, READLINK, Callbacks::notALink);
        serve(operations.mknod, MKNOD, Callbacks::readOnly);
        serve(operations.mkdir, MKDIR, Callbacks::readOnly);
        serve(operations.unlink, UNLINK, Callbacks::readOnly);
        serve(operations.rmdir, RMDIR, Callbacks::readOnly);
        serve(operations.symlink, SYMLINK, Callbacks::readOnly);
        serve(operations.rename, RENAME, Callbacks::readOnly);
        serve(operations.link, LINK, Callbacks::readOnly);
        serve(operations.chmod, CHMOD, Callbacks::readOnly);
        serve(operations.chown, CHOWN, Callbacks::readOnly);
        serve(operations.truncate, TRUNCATE, Callbacks::readOnly);
        serve(operations.ftruncate, FTRUNCATE, Callbacks::readOnly);
        serve(operations.create, CREATE, Callbacks::readOnly);
        serve(operations.write, WRITE, Callbacks::readOnly);
        serve(operations.fallocate, FALLOCATE, Callbacks::readOnly);
    }

    /**
     * Names one callback in the table. All are of one type, since jnr-ffi makes a class for each, and twenty classes are a tenth
     * of a start: every argument of theirs is a pointer or an integer, so that it comes in a register of its own, and registers
     * that an operation has no argument for are not looked at (System V ABI for x86-64, 3.2.3; AAPCS64, 6.8.2).
     */
    private void serve(BaseStruct.Func<?> member, Operation operation, Handler handler) {
        Native.Callback callback =
                (path, second, third, fourth) -> answer(operation, handler, path, second, third, fourth);
        callbacks.add(callback);
        table.putPointer(
                member.offset(), Native.RUNTIME.getClosureManager().getClosurePointer(Native.Callback.class, callback));
    }

    /**
     * The wrapper around every callback. Nothing is allocated before its {@code try}, so that even running out of
     * memory is caught here.
     *
     * @return 0, or a negative errno from the operation's list
     */
    private int answer(Operation operation, Handler handler, long path, long second, long third, long fourth) {
        try {
            Requester requester = Requester.current(libfuse);
            files.strike(operation);
            return handler.handle(requester, text(path), second, third, fourth);
        } catch (Throwable thrown) {
            return files.failed(operation, thrown);
        }
    }

    private static String text(long address) {
        return at(address).getString(0, Integer.MAX_VALUE, StandardCharsets.UTF_8);
    }

    private static Pointer at(long address) {
        if (address == 0) {
            throw new IllegalStateException("libfuse passed no pointer");
        }
        return Pointer.wrap(Native.RUNTIME, address);
    }

    private static int readOnly(Requester requester, String path, long second, long third, long fourth)
            throws RefusedException {
        throw new RefusedException(Failure.READ_ONLY, "credfs is read-only");
    }

    private static int notALink(Requester requester, String path, long second, long third, long fourth) {
        return -Errno.EINVAL.number();
    }

    private int getattr(Requester requester, String path, long stat, long third, long fourth) throws RefusedException {
        Probe hidden = files.probeFor(requester, path);
        put(hidden == null ? mint.attributes(path) : hidden.attributes(), FileStat.of(at(stat)));
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

    private int readdir(Requester requester, String path, long buffer, long filler, long offset)
            throws RefusedException {
        Pointer names = at(buffer);
        FuseFillDir fill = ClosureHelper.getInstance()
                .getNativeConveter(FuseFillDir.class)
                .fromNative(at(filler), ClosureHelper.getInstance().getFromNativeContext());
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

    private int statfs(Requester requester, String path, long statvfs, long third, long fourth) {
        Statvfs answer = Statvfs.of(at(statvfs));
        answer.f_bsize.set(BLOCK_BYTES);
        answer.f_frsize.set(BLOCK_BYTES);
        answer.f_namemax.set(NAME_MAX_BYTES);
        return 0;
    }

    /** Touching is how the daemon itself wakes watchers ({@link RefreshTicks}); it changes nothing that is kept. */
    private int utimens(Requester requester, String path, long times, long third, long fourth) throws RefusedException {
        if (!requester.isSelf()) {
            throw new RefusedException(Failure.READ_ONLY, "credfs is read-only");
        }
        mint.attributes(path);
        return 0;
    }
}
