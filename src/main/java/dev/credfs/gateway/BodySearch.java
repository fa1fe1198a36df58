package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The body of one answer on its way through the search for the credential: bytes go in as they come, and those come back
 * whose meaning has been searched, unchanged. What is compressed is searched unpacked and passed packed.
 */
abstract class BodySearch {
    private ByteBuf held = Unpooled.EMPTY_BUFFER;

    /**
     * A search through a body of this coding.
     *
     * @param encoding value of {@code Content-Encoding}; empty for a body as it is
     * @param collectedBytes of all bodies that must be whole before they can be searched
     * @throws RefusedException for a coding that we cannot unpack, or more than one
     */
    static BodySearch of(CredentialSearch credential, String encoding, AtomicLong collectedBytes)
            throws RefusedException {
        return switch (encoding.strip().toLowerCase(Locale.ROOT)) {
            case "", "identity" -> new PlainBody(credential.stream());
            case "gzip", "x-gzip" -> new DeflatedBody(credential, true);
            case "deflate" -> new DeflatedBody(credential, false);
            case "br" -> new BrotliBody(credential, collectedBytes);
            default ->
                throw new RefusedException(
                        Failure.UPSTREAM_FAILED,
                        "the answer has a content coding other than gzip, deflate or br, and cannot be searched");
        };
    }

    /**
     * Takes the next bytes and gives those that may go out, of these and of what was held.
     *
     * @param bytes become the search's
     * @param last whether none follow
     * @throws RefusedException if they hold the credential, or cannot be unpacked
     */
    abstract ByteBuf admit(ByteBuf bytes, boolean last) throws RefusedException;

    /** Whether nothing goes out before the last byte has come. */
    boolean waitsForTheEnd() {
        return false;
    }

    final int heldBytes() {
        return held.readableBytes();
    }

    /** What was held and {@code bytes}, as one; nothing is held then. */
    final ByteBuf withHeld(ByteBuf bytes) {
        if (!held.isReadable()) {
            return bytes;
        }
        ByteBuf all = Unpooled.wrappedBuffer(held, bytes);
        held = Unpooled.EMPTY_BUFFER;
        return all;
    }

    /** Holds {@code bytes}, and gives what was held before. */
    final ByteBuf hold(ByteBuf bytes) {
        ByteBuf before = held;
        held = bytes;
        return before;
    }

    /** For the end of the exchange, also of one that did not come to the end of the body. */
    void release() {
        held.release();
        held = Unpooled.EMPTY_BUFFER;
    }

    static RefusedException blocked() {
        return new RefusedException(Failure.RESPONSE_BLOCKED, "the answer's body holds the credential");
    }
}
