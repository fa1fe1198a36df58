package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicLong;
import org.brotli.dec.BrotliInputStream;

/**
 * A body in Brotli (RFC 7932). The decoder gives back bytes long after it has taken those that they come from, so the body is
 * collected and goes out when all of it has been searched. Upstreams are never told that br is welcome; this is for those
 * that send it all the same.
 */
final class BrotliBody extends BodySearch {
    private static final int MAX_BYTES = 1024 * 1024;
    private static final int MAX_UNPACKED_BYTES = 8 * 1024 * 1024;
    private static final long MAX_COLLECTED_BYTES = 16L * 1024 * 1024;
    private static final int STEP_BYTES = 16 * 1024;

    private final CredentialSearch credential;
    private final AtomicLong collectedBytes;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    /** @param collectedBytes what all such bodies hold together */
    BrotliBody(CredentialSearch credential, AtomicLong collectedBytes) {
        this.credential = credential;
        this.collectedBytes = collectedBytes;
    }

    @Override
    ByteBuf admit(ByteBuf bytes, boolean last) throws RefusedException {
        int length = bytes.readableBytes();
        byte[] copy = new byte[length];
        bytes.readBytes(copy);
        bytes.release();
        body.writeBytes(copy);
        if (collectedBytes.addAndGet(length) > MAX_COLLECTED_BYTES || body.size() > MAX_BYTES) {
            throw new RefusedException(
                    Failure.UPSTREAM_FAILED, "the answer is in br, and too large to be collected and searched");
        }
        if (!last) {
            return Unpooled.EMPTY_BUFFER;
        }
        byte[] whole = body.toByteArray();
        // As it is, too: the decoder does not tell of bytes that follow its end.
        if (credential.stream().findsIn(whole, 0, whole.length)) {
            throw blocked();
        }
        if (whole.length > 0) {
            searchUnpacked(whole);
        }
        return Unpooled.wrappedBuffer(whole);
    }

    private void searchUnpacked(byte[] whole) throws RefusedException {
        CredentialSearch.Stream search = credential.stream();
        byte[] step = new byte[STEP_BYTES];
        long unpackedBytes = 0;
        try (InputStream unpacked = new BrotliInputStream(new ByteArrayInputStream(whole))) {
            int length = unpacked.read(step);
            while (length > 0) {
                unpackedBytes += length;
                if (unpackedBytes > MAX_UNPACKED_BYTES) {
                    throw new RefusedException(
                            Failure.UPSTREAM_FAILED, "the answer is in br, and unpacks to too much to be searched");
                }
                if (search.findsIn(step, 0, length)) {
                    throw blocked();
                }
                length = unpacked.read(step);
            }
        } catch (IOException | RuntimeException e) {
            throw new RefusedException(
                    Failure.UPSTREAM_FAILED, "the answer is compressed and cannot be searched: it is not br");
        }
    }

    @Override
    boolean waitsForTheEnd() {
        return true;
    }

    @Override
    void release() {
        super.release();
        collectedBytes.addAndGet(-body.size());
        body.reset();
    }
}
