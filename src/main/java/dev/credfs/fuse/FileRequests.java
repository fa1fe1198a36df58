package dev.credfs.fuse;

import dev.credfs.mint.FileHandle;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Slice;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Errno;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.procfs.Processes;
import java.util.concurrent.atomic.AtomicInteger;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The requests that a read consists of, OPEN, READ and RELEASE, each turned into its answer where it lies in memory. libfuse
 * would make a path, take its locks and go through a callback for each: a fifth of the processor time of a read.
 *
 * <p>None of them may reach libfuse, which counts the opens of each node: a RELEASE whose OPEN it has not seen ends the process
 * ({@code assert} in {@code fuse_do_release}). It looks at the count only where an open file is unlinked or renamed.
 */
final class FileRequests {
    // struct fuse_open_in, fuse_open_out
    private static final int OPEN_FLAGS = Protocol.IN_HEADER_BYTES;
    private static final int OPEN_BYTES = Protocol.IN_HEADER_BYTES + 8;
    private static final int OPENED_HANDLE = Protocol.OUT_HEADER_BYTES;
    private static final int OPENED_FLAGS = Protocol.OUT_HEADER_BYTES + 8;
    private static final int OPENED_BYTES = 16;
    private static final long FOPEN_DIRECT_IO = 1;
    // struct fuse_read_in, whose beginning is that of struct fuse_release_in
    private static final int HANDLE = Protocol.IN_HEADER_BYTES;
    private static final int READ_OFFSET = Protocol.IN_HEADER_BYTES + 8;
    private static final int READ_SIZE = Protocol.IN_HEADER_BYTES + 16;
    private static final int READ_LOCK_OWNER = Protocol.IN_HEADER_BYTES + 24;
    private static final int READ_BYTES = Protocol.IN_HEADER_BYTES + 40;
    private static final int RELEASE_BYTES = Protocol.IN_HEADER_BYTES + 24;

    private final Mint mint;
    private final Processes processes;
    private final Faults faults;
    private final Nodes nodes = new Nodes();
    private final Places places;
    private final AtomicInteger interrupts = new AtomicInteger();
    private volatile @Nullable Probe probe;
    private volatile boolean draining;

    /** @param concurrentMints opens and reads in the mint at once */
    FileRequests(Mint mint, Processes processes, Faults faults, int concurrentMints) {
        this.mint = mint;
        this.processes = processes;
        this.faults = faults;
        this.places = new Places(concurrentMints);
    }

    /** Where the paths of requests are from; whoever passes LOOKUP and FORGET on has to tell it. */
    Nodes nodes() {
        return nodes;
    }

    /** Makes the probe readable, or, with null, gone. */
    void serve(@Nullable Probe newProbe) {
        probe = newProbe;
    }

    /** From here on no file is opened; what is open can be read and released. */
    void drain() {
        draining = true;
    }

    /** How many interrupts have come, of whichever requests. */
    int interrupts() {
        return interrupts.get();
    }

    void countInterrupt() {
        interrupts.incrementAndGet();
    }

    @Nullable
    Probe probeFor(Requester requester, String path) {
        Probe current = probe;
        return current != null && current.isAt(path) && requester.isSelf() ? current : null;
    }

    /** Throws what a test wants thrown, once the self-test is over. */
    void strike(Operation operation) {
        if (probe == null) {
            faults.strike(operation);
        }
    }

    /** The value to answer for whatever was thrown, of which a bug goes on the record: a negative errno. */
    int failed(Operation operation, Throwable thrown) {
        if (thrown instanceof RefusedException refusal) {
            return operation.answer(refusal.failure().errno());
        }
        recordBug(operation.spelling(), thrown);
        return operation.answer(Errno.EIO);
    }

    void recordBug(String operation, Throwable bug) {
        try {
            mint.internalError(operation, bug);
        } catch (Throwable unrecordable) {
            // The answer is EIO all the same.
        }
    }

    /**
     * Answers the request in {@code buffer}. Nothing is allocated before the {@code try}, so that even running out of memory
     * is caught here.
     *
     * @param interruptsBefore a count of them from before the request was received
     * @return the length of the answer, which has taken the request's place
     */
    int answer(Pointer buffer, int receivedBytes, int interruptsBefore) {
        Operation operation = switch (buffer.getInt(Protocol.OPCODE)) {
            case Protocol.OPEN -> Operation.OPEN;
            case Protocol.READ -> Operation.READ;
            default -> Operation.RELEASE;
        };
        int result;
        try {
            strike(operation);
            result = switch (operation) {
                case OPEN -> open(buffer, receivedBytes, interruptsBefore);
                case READ -> read(buffer, receivedBytes);
                default -> release(buffer, receivedBytes);
            };
        } catch (Throwable thrown) {
            result = failed(operation, thrown);
        }
        int answerBytes = Protocol.OUT_HEADER_BYTES + Math.max(0, result);
        buffer.putInt(Protocol.LENGTH, answerBytes);
        buffer.putInt(Protocol.ERROR, Math.min(0, result));
        return answerBytes;
    }

    /** Releases what the answer in {@code buffer} has opened, because nobody waits for it any more. */
    void takeBack(Pointer buffer) {
        if (buffer.getInt(Protocol.ERROR) == 0) {
            try {
                strike(Operation.RELEASE);
                release(buffer.getLong(OPENED_HANDLE));
            } catch (Throwable thrown) {
                failed(Operation.RELEASE, thrown);
            }
        }
    }

    private int open(Pointer buffer, int receivedBytes, int interruptsBefore) throws RefusedException {
        requireLength(buffer, receivedBytes, OPEN_BYTES);
        Requester requester = Requester.of(buffer, Protocol.UID);
        String path = nodes.path(buffer.getLong(Protocol.NODEID));
        if (path == null) {
            return Operation.OPEN.answer(Errno.ESTALE);
        }
        long handle = open(requester, path, buffer.getInt(OPEN_FLAGS), interruptsBefore);
        buffer.putLong(OPENED_HANDLE, handle);
        buffer.putLong(OPENED_FLAGS, FOPEN_DIRECT_IO);
        return OPENED_BYTES;
    }

    private long open(Requester requester, String path, int flags, int interruptsBefore) throws RefusedException {
        if ((flags & Native.O_ACCMODE) != Native.O_RDONLY || (flags & (Native.O_TRUNC | Native.O_CREAT)) != 0) {
            throw new RefusedException(Failure.READ_ONLY, "credfs is read-only");
        }
        if (probeFor(requester, path) != null) {
            return Probe.HANDLE;
        }
        if (draining) {
            throw turnedAway(requester, path, new RefusedException(Failure.NOT_MOUNTED, "credfs is stopping"));
        }
        Places.Place place = enterMint(requester, path);
        try {
            Caller caller = identify(requester, path);
            if (interrupts.get() != interruptsBefore && requester.isDying()) {
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
            return handle.number();
        } finally {
            places.leave(place);
        }
    }

    private int read(Pointer buffer, int receivedBytes) throws RefusedException {
        requireLength(buffer, receivedBytes, READ_BYTES);
        Requester requester = Requester.of(buffer, Protocol.UID);
        String path = nodes.path(buffer.getLong(Protocol.NODEID));
        if (path == null) {
            return Operation.READ.answer(Errno.ESTALE);
        }
        long handle = buffer.getLong(HANDLE);
        long offset = buffer.getLong(READ_OFFSET);
        // The kernel asks for 128 KiB at most, and the buffer has that and more.
        long wantedBytes =
                Math.min(Integer.toUnsignedLong(buffer.getInt(READ_SIZE)), buffer.size() - Protocol.OUT_HEADER_BYTES);
        Probe hidden = handle == Probe.HANDLE && requester.isSelf() ? probe : null;
        if (buffer.getLong(READ_LOCK_OWNER) == 0) {
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
            return Reply.copy(hidden.nonce(), from, hidden.nonce().length - from, buffer, wantedBytes);
        }
        if (handle == 0 || handle == Probe.HANDLE) {
            throw new IllegalStateException("read of handle " + handle + ", which no open gave out");
        }
        Places.Place place = enterMint(requester, path);
        try {
            Slice slice =
                    mint.read(new FileHandle(handle), identify(requester, path), offset, Math.toIntExact(wantedBytes));
            return Reply.copy(slice.content(), slice.from(), slice.lengthBytes(), buffer, wantedBytes);
        } finally {
            places.leave(place);
        }
    }

    private int release(Pointer buffer, int receivedBytes) {
        requireLength(buffer, receivedBytes, RELEASE_BYTES);
        release(buffer.getLong(HANDLE));
        return 0;
    }

    private void release(long handle) {
        if (handle != 0 && handle != Probe.HANDLE) {
            mint.release(new FileHandle(handle));
        }
    }

    /** What lies behind a request is of the one before it. */
    private static void requireLength(Pointer buffer, int receivedBytes, int leastBytes) {
        if (receivedBytes < leastBytes || buffer.getInt(Protocol.LENGTH) != receivedBytes) {
            throw new IllegalStateException("a request of opcode " + buffer.getInt(Protocol.OPCODE) + " with "
                    + receivedBytes + " bytes that says " + buffer.getInt(Protocol.LENGTH));
        }
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
