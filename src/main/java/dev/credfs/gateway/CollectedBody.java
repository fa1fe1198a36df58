package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayOutputStream;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A request that leaves when its body is whole: its signature, which comes first, is over a hash of all of it. */
final class CollectedBody extends Departure {
    static final int MAX_BYTES = 1024 * 1024;
    /** Of all bodies and chunks that one credential waits for. */
    static final long MAX_HELD_BYTES = 16L * 1024 * 1024;

    private final UpstreamRequest request;
    private final AwsAuthorizer.Signer signer;
    private final AtomicLong heldBytes;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    CollectedBody(UpstreamRequest request, AwsAuthorizer.Signer signer, AtomicLong heldBytes) {
        this.request = request;
        this.signer = signer;
        this.heldBytes = heldBytes;
    }

    @Override
    boolean waitsForTheBody() {
        return true;
    }

    @Override
    void begin(boolean complete, Consumer<Object> out) {
        request.headers().remove(HttpHeaderNames.EXPECT);
        if (complete) {
            leave(out);
        }
    }

    @Override
    void content(HttpContent content, Consumer<Object> out) throws RefusedException {
        int length = content.content().readableBytes();
        byte[] bytes = new byte[length];
        content.content().readBytes(bytes);
        content.release();
        if (body.size() + length > MAX_BYTES) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED,
                    "a body of more than 1 MiB without X-Amz-Content-Sha256 cannot be signed: send its hash, or chunks");
        }
        hold(heldBytes, length);
        body.writeBytes(bytes);
        if (content instanceof LastHttpContent) {
            leave(out);
        }
    }

    /** Counts what waits to be whole. */
    static void hold(AtomicLong heldBytes, int length) throws RefusedException {
        if (heldBytes.addAndGet(length) > MAX_HELD_BYTES) {
            heldBytes.addAndGet(-length);
            throw new RefusedException(Failure.BUSY, "too many bodies wait to be signed");
        }
    }

    private void leave(Consumer<Object> out) {
        byte[] whole = body.toByteArray();
        if (request.headers().contains(HttpHeaderNames.TRANSFER_ENCODING)) {
            request.headers().remove(HttpHeaderNames.TRANSFER_ENCODING);
            request.headers().set(HttpHeaderNames.CONTENT_LENGTH, whole.length);
        }
        signer.sign(SignatureV4.sha256(whole));
        out.accept(request.message());
        if (whole.length > 0) {
            out.accept(new DefaultHttpContent(Unpooled.wrappedBuffer(whole)));
        }
        out.accept(LastHttpContent.EMPTY_LAST_CONTENT);
    }

    @Override
    void release() {
        heldBytes.addAndGet(-body.size());
        body.reset();
    }
}
