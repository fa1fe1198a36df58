package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.Arrays;
import java.util.function.Consumer;

/** How one request leaves for its upstream: the client's pieces go in, and what the upstream gets comes out. */
abstract class Departure {
    /**
     * Begins, with the head of the request.
     *
     * @param complete whether no body follows
     * @param out takes HTTP messages, in the order in which they are to be written
     */
    abstract void begin(boolean complete, Consumer<Object> out) throws RefusedException;

    /** Goes on with a piece of the body, which becomes the departure's. */
    abstract void content(HttpContent content, Consumer<Object> out) throws RefusedException;

    /** Whether the upstream hears of the request only when its body has come, so that it cannot ask the client to go on. */
    boolean waitsForTheBody() {
        return false;
    }

    /** For the end, also before the body came to its own. */
    void release() {}

    /** With {@code secret} put in. */
    static Departure carrying(SecretBytes secret, Placement placement, UpstreamRequest request) {
        byte[] bytes = secret.revealCopy();
        try {
            placement.place(bytes, request);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
        return of(request);
    }

    /** As it is. */
    static Departure of(UpstreamRequest request) {
        return new Departure() {
            @Override
            void begin(boolean complete, Consumer<Object> out) {
                out.accept(request.message());
                if (complete) {
                    out.accept(LastHttpContent.EMPTY_LAST_CONTENT);
                }
            }

            @Override
            void content(HttpContent content, Consumer<Object> out) {
                out.accept(content);
            }
        };
    }
}
