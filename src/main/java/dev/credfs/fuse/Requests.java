package dev.credfs.fuse;

import java.nio.charset.StandardCharsets;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;

/**
 * The requests that one thread of the session receives. Those on files are answered from their bytes, by
 * {@link FileRequests}; all others are libfuse's. LOOKUP and FORGET tell {@link Nodes} on their way what it has to know.
 *
 * <p>An INTERRUPT is counted and has no answer, as the protocol permits. Which request it means is not looked for: an open
 * during which one came asks {@code /proc} whether its own caller was killed.
 */
final class Requests implements AutoCloseable {
    // struct fuse_chan_ops { receive; send; destroy; }, fuse_lowlevel.h of libfuse 2.9
    private static final int SEND_OFFSET = 8;
    private static final int CHANNEL_OPERATIONS_BYTES = 24;
    // struct iovec { void *base; size_t bytes; }
    private static final int IOVEC_BYTES = 16;
    // struct fuse_forget_in; struct fuse_batch_forget_in and its struct fuse_forget_one { nodeid; nlookup; }
    private static final int LOOKUPS = Protocol.IN_HEADER_BYTES;
    private static final int FORGETS = Protocol.IN_HEADER_BYTES;
    private static final int FIRST_FORGET = Protocol.IN_HEADER_BYTES + 8;
    private static final int FORGET_BYTES = 16;

    private final Native.LibFuse libfuse;
    private final long session;
    private final long channel;
    private final FileRequests files;
    private final Nodes nodes;
    private final int bufferBytes;
    private final Pointer buffer;
    private final Pointer channelCell = Memory.allocateDirect(Native.RUNTIME, Long.BYTES);
    private final Pointer answerPart = Memory.allocateDirect(Native.RUNTIME, IOVEC_BYTES);

    /** Held for as long as {@link #lookups} may call it. */
    private final Native.Send sendLookup = this::sendLookup;

    /** What libfuse answers LOOKUP by: a channel that leads through {@link #sendLookup}. */
    private final long lookups;

    private int interruptsBefore;

    Requests(Native.LibFuse libfuse, long session, FileRequests files) {
        this.libfuse = libfuse;
        this.session = session;
        this.channel = libfuse.fuse_session_next_chan(session, 0);
        this.files = files;
        this.nodes = files.nodes();
        this.bufferBytes = Math.toIntExact(libfuse.fuse_chan_bufsize(channel));
        this.buffer = Memory.allocateDirect(Native.RUNTIME, bufferBytes);
        Pointer operations = Memory.allocateDirect(Native.RUNTIME, CHANNEL_OPERATIONS_BYTES, true);
        operations.putPointer(
                SEND_OFFSET, Native.RUNTIME.getClosureManager().getClosurePointer(Native.Send.class, sendLookup));
        this.lookups = libfuse.fuse_chan_new(operations, -1, bufferBytes, 0);
        if (lookups == 0) {
            throw new OutOfMemoryError("libfuse has no memory for a channel");
        }
        answerPart.putAddress(0, buffer.address());
    }

    /** The request that was received last; its answer takes its place. */
    Pointer buffer() {
        return buffer;
    }

    /** Blocks for one request; its length in bytes, 0 after an unmount, or a negative errno. */
    int receive() {
        // Before it comes: no interrupt of this request can have been counted yet.
        interruptsBefore = files.interrupts();
        channelCell.putLong(0, channel);
        return libfuse.fuse_chan_recv(channelCell.address(), buffer.address(), bufferBytes);
    }

    void process(int receivedBytes) {
        int opcode = buffer.getInt(Protocol.OPCODE);
        switch (opcode) {
            case Protocol.OPEN, Protocol.READ, Protocol.RELEASE -> {
                int answerBytes = files.answer(buffer, receivedBytes, interruptsBefore);
                answerPart.putLong(Long.BYTES, answerBytes);
                if (libfuse.fuse_chan_send(channel, answerPart.address(), 1) == -Native.ENOENT
                        && opcode == Protocol.OPEN) {
                    files.takeBack(buffer);
                }
            }
            case Protocol.INTERRUPT -> files.countInterrupt();
            case Protocol.LOOKUP -> libfuse.fuse_session_process(session, buffer.address(), receivedBytes, lookups);
            default -> {
                if (opcode == Protocol.FORGET || opcode == Protocol.BATCH_FORGET) {
                    forget(opcode);
                }
                libfuse.fuse_session_process(session, buffer.address(), receivedBytes, channel);
            }
        }
    }

    private void forget(int opcode) {
        if (opcode == Protocol.FORGET) {
            nodes.forget(buffer.getLong(Protocol.NODEID), buffer.getLong(LOOKUPS));
            return;
        }
        int count = buffer.getInt(FORGETS);
        for (int i = 0; i < count; i++) {
            int one = FIRST_FORGET + i * FORGET_BYTES;
            nodes.forget(buffer.getLong(one), buffer.getLong(one + Long.BYTES));
        }
    }

    /** Sends libfuse's answer to the LOOKUP in the buffer, of which the nodes hear before the kernel does. */
    private int sendLookup(long lookupChannel, long parts, long count) {
        long nodeid = 0;
        try {
            nodeid = foundNode(Pointer.wrap(Native.RUNTIME, parts), count);
            if (nodeid != 0) {
                nodes.found(buffer.getLong(Protocol.NODEID), lookedUpName(), nodeid);
            }
        } catch (Throwable bug) {
            // An answer there must be. The kernel then names a node that is not known, and is told to look it up again.
            files.recordBug("lookup", bug);
        }
        int result = libfuse.fuse_chan_send(channel, parts, count);
        if (result == -Native.ENOENT && nodeid != 0) {
            nodes.forget(nodeid, 1);
        }
        return result;
    }

    /** What struct fuse_entry_out begins with, the second part of an answer that is no error; else 0. */
    private static long foundNode(Pointer parts, long count) {
        return count < 2 ? 0 : parts.getPointer(IOVEC_BYTES).getLong(0);
    }

    private String lookedUpName() {
        return buffer.getString(
                Protocol.IN_HEADER_BYTES,
                buffer.getInt(Protocol.LENGTH) - Protocol.IN_HEADER_BYTES,
                StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        libfuse.fuse_chan_destroy(lookups);
    }
}
