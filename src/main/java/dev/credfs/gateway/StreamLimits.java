package dev.credfs.gateway;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;

/** How much one connection of HTTP/2 may make us hold or do, whichever end of it we are. */
final class StreamLimits {
    /** What one stream may send ahead of whoever reads it. */
    static final int WINDOW_BYTES = 64 * 1024;

    /** DATA frames without a byte, one after the other. */
    static final int EMPTY_FRAMES = 2;

    /** CONTINUATION frames of a few bytes in one head (CVE-2024-27316 and its siblings). */
    static final int SMALL_CONTINUATIONS = 16;

    /** Acknowledgements of settings and pings that the other side does not read. */
    static final int QUEUED_CONTROL_FRAMES = 1000;

    private StreamLimits() {}

    /** Lets so many streams send ahead at once; by default it is one. */
    static void widen(Http2Connection connection, int streams) {
        try {
            connection
                    .local()
                    .flowController()
                    .incrementWindowSize(connection.connectionStream(), (streams - 1) * WINDOW_BYTES);
        } catch (Http2Exception e) {
            throw new IllegalStateException("the window of a new connection is as RFC 9113 has it", e);
        }
    }
}
