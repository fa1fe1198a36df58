package dev.credfs.gateway;

import io.netty.buffer.ByteBuf;

/**
 * The side of an exchange that is asked: a connection of HTTP/1.1 for as long as it carries the exchange, or one stream of
 * HTTP/2. Of one event loop.
 */
sealed interface UpstreamSide permits UpstreamConnection, UpstreamStream {
    /** Tells {@code exchange} of what comes from here on. */
    void serve(Exchange exchange);

    /** Whether its connection has carried an exchange before: then it may be dead without our knowing. */
    boolean used();

    /** Writes an HTTP message: the head of a request, a piece of its body, or the last piece with its trailers. */
    void write(Object part);

    /** Writes bytes that are no HTTP. */
    void writeRaw(ByteBuf bytes);

    void flush();

    boolean isWritable();

    void setReading(boolean reading);

    /** Gives it back: nothing was sent, or the answer has come whole. */
    void done(boolean requestComplete);

    /** Ends it, whatever is on it. */
    void close();
}
