package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/**
 * What a server sends through a WebSocket (RFC 6455 §5). Each message is searched as one text, whatever the frames that it
 * comes in, and with its end nothing waits any more: the last byte of a message must not wait for the next message.
 */
final class FramedBody extends BodySearch {
    private static final int MAX_HELD_BYTES = 256 * 1024;
    private static final int FINAL = 0x80;
    private static final int RESERVED = 0x70;
    private static final int CONTROL = 0x08;
    private static final int MASKED = 0x80;
    private static final int LENGTH_IN_TWO_BYTES = 126;
    private static final int LENGTH_IN_EIGHT_BYTES = 127;

    private final CredentialSearch credential;
    private CredentialSearch.Stream message;
    private CredentialSearch.Stream control;
    private int headBytes;
    private int firstByte;
    private int lengthBytesLeft;
    private long payloadBytesLeft;
    /** Of the current frame, as many as have come in one piece up to here. */
    private int payloadRun;

    FramedBody(CredentialSearch credential) {
        this.credential = credential;
        this.message = credential.stream();
        this.control = credential.stream();
    }

    @Override
    ByteBuf admit(ByteBuf bytes, boolean last) throws RefusedException {
        payloadRun = 0;
        try {
            ByteBuf in = bytes.duplicate();
            while (in.isReadable()) {
                if (headBytes < 2 || lengthBytesLeft > 0) {
                    readHead(in.readUnsignedByte());
                } else {
                    readPayload(in);
                }
            }
        } catch (RefusedException e) {
            bytes.release();
            throw e;
        }
        int undecidedBytes = message.undecidedBytes();
        if (undecidedBytes == 0 && control.undecidedBytes() == 0) {
            return withHeld(bytes);
        }
        if (control.undecidedBytes() == 0 && undecidedBytes <= payloadRun) {
            int go = bytes.readableBytes() - undecidedBytes;
            ByteBuf before = hold(Unpooled.copiedBuffer(bytes.slice(bytes.readerIndex() + go, undecidedBytes)));
            bytes.writerIndex(bytes.readerIndex() + go);
            return before.isReadable() ? Unpooled.wrappedBuffer(before, bytes) : bytes;
        }
        if (heldBytes() + bytes.readableBytes() > MAX_HELD_BYTES) {
            bytes.release();
            throw notSearchable("too many frames hold too little");
        }
        hold(withHeld(bytes));
        return Unpooled.EMPTY_BUFFER;
    }

    private void readHead(int octet) throws RefusedException {
        headBytes++;
        if (headBytes == 1) {
            firstByte = octet;
            if ((octet & RESERVED) != 0) {
                throw notSearchable("a frame of an extension that nobody asked for");
            }
            return;
        }
        if (headBytes == 2) {
            if ((octet & MASKED) != 0) {
                throw notSearchable("a server's frame is masked");
            }
            payloadBytesLeft = octet;
            if (octet == LENGTH_IN_TWO_BYTES || octet == LENGTH_IN_EIGHT_BYTES) {
                lengthBytesLeft = octet == LENGTH_IN_TWO_BYTES ? 2 : 8;
                payloadBytesLeft = 0;
            }
        } else {
            payloadBytesLeft = payloadBytesLeft << 8 | octet;
            lengthBytesLeft--;
        }
        if (payloadBytesLeft < 0) {
            throw notSearchable("a frame of a negative length");
        }
        if (lengthBytesLeft == 0) {
            payloadRun = 0;
            if (payloadBytesLeft == 0) {
                endFrame();
            }
        }
    }

    private void readPayload(ByteBuf in) throws RefusedException {
        int length = (int) Math.min(in.readableBytes(), payloadBytesLeft);
        ByteBuf payload = in.readSlice(length);
        if ((isControl() ? control : message).findsIn(payload)) {
            throw blocked();
        }
        payloadBytesLeft -= length;
        payloadRun += length;
        if (payloadBytesLeft == 0) {
            endFrame();
        }
    }

    private boolean isControl() {
        return (firstByte & CONTROL) != 0;
    }

    private void endFrame() {
        headBytes = 0;
        if (isControl()) {
            control = credential.stream();
            payloadRun = 0;
        } else if ((firstByte & FINAL) != 0) {
            message = credential.stream();
        }
    }

    private static RefusedException notSearchable(String why) {
        return new RefusedException(Failure.UPSTREAM_FAILED, "the WebSocket cannot be searched: " + why);
    }
}
