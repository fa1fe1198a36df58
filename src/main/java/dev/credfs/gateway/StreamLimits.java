package dev.credfs.gateway;

import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;

/** How much one connection of HTTP/2 may make us hold or do, whichever end of it we are. */
final class StreamLimits {
    /** What one stream may send ahead of whoever reads it. */
    static final int WINDOW_BYTES = 64 * 1024;

    /** DATA frames without a byte, one after the other. */
    private static final int EMPTY_FRAMES = 2;

    /** CONTINUATION frames of a few bytes in one head (CVE-2024-27316 and its siblings). */
    private static final int SMALL_CONTINUATIONS = 16;

    /** Acknowledgements of settings and pings that the other side does not read. */
    private static final int QUEUED_CONTROL_FRAMES = 1000;

    static final int RESET_WINDOW_SECONDS = 30;

    private StreamLimits() {}

    /**
     * The codec of either end, held to these limits.
     *
     * @param resets streams that the other side may open and reset within {@value #RESET_WINDOW_SECONDS} seconds
     */
    static Http2FrameCodec codec(Http2FrameCodecBuilder builder, int resets) {
        return builder.decoderEnforceMaxRstFramesPerWindow(resets, RESET_WINDOW_SECONDS)
                .decoderEnforceMaxConsecutiveEmptyDataFrames(EMPTY_FRAMES)
                .decoderEnforceMaxSmallContinuationFrames(SMALL_CONTINUATIONS)
                .encoderEnforceMaxQueuedControlFrames(QUEUED_CONTROL_FRAMES)
                .gracefulShutdownTimeoutMillis(0)
                .build();
    }

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
