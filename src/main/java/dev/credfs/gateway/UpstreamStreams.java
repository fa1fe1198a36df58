package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.DefaultHttp2PingFrame;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2HeadersEncoder.SensitivityDetector;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.function.Consumer;

/** One connection of HTTP/2 to an upstream, and the streams on it, each of which carries one exchange. Of one event loop. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class UpstreamStreams extends ChannelInboundHandlerAdapter {
    /** What an upstream that names no number takes, and the most that are opened where it takes more. */
    private static final int MAX_STREAMS = 100;
    /** As long as a connection of HTTP/1.1 that nobody uses is kept. */
    private static final Duration IDLE = Duration.ofSeconds(30);

    private static final int MAX_RESETS_PER_WINDOW = 1000;

    private final Channel channel;
    private final Http2Connection connection;
    private final Deadline deadline;
    private final Duration patience;
    private int open;
    private boolean used;
    private boolean retired;

    private UpstreamStreams(Channel channel, Http2Connection connection, Duration patience) {
        this.channel = channel;
        this.connection = connection;
        this.patience = patience;
        this.deadline = new Deadline(channel.eventLoop());
        watch();
    }

    /**
     * Makes HTTP/2 of a connection on which nothing has been said yet.
     *
     * @param patience with an upstream that says nothing while exchanges wait for it: after twice as long it is asked whether
     *     it is still there, and has as long to answer
     * @param sensitive fields that are never put into a table, at neither end
     */
    static UpstreamStreams begin(Channel channel, Duration patience, SensitivityDetector sensitive) {
        Http2Settings settings = Http2Settings.defaultSettings()
                .pushEnabled(false)
                .initialWindowSize(StreamLimits.WINDOW_BYTES)
                .maxHeaderListSize(Upstreams.MAX_HEAD_BYTES);
        Http2FrameCodecBuilder builder =
                Http2FrameCodecBuilder.forClient().initialSettings(settings).headerSensitivityDetector(sensitive);
        Http2FrameCodec codec = StreamLimits.codec(builder, MAX_RESETS_PER_WINDOW);
        ChannelPipeline pipeline = channel.pipeline();
        UpstreamStreams streams = new UpstreamStreams(channel, codec.connection(), patience);
        pipeline.addLast(codec, new Http2MultiplexHandler(new PushedStream()), streams);
        // Were the window of the connection smaller than those of its streams, one slow client would hold up the
        // others.
        StreamLimits.widen(codec.connection(), MAX_STREAMS);
        channel.flush();
        return streams;
    }

    /** Nobody asked for a push, and the settings say so. */
    private static final class PushedStream extends ChannelInboundHandlerAdapter {
        @Override
        public boolean isSharable() {
            return true;
        }

        @Override
        public void handlerAdded(ChannelHandlerContext ctx) {
            ctx.close();
        }
    }

    boolean hasRoom() {
        return !retired
                && channel.isActive()
                && !connection.goAwayReceived()
                && !connection.goAwaySent()
                && open < Math.min(MAX_STREAMS, connection.local().maxActiveStreams());
    }

    /** Gives {@code ready} a stream; there must be room. */
    void open(Consumer<UpstreamSide> ready, Consumer<RefusedException> failed) {
        UpstreamStream stream = new UpstreamStream(this, used);
        used = true;
        open++;
        watch();
        new Http2StreamChannelBootstrap(channel)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, Gateway.MAY_WAIT)
                .handler(stream)
                .open()
                .addListener(opened -> {
                    if (opened.isSuccess()) {
                        ready.accept(stream);
                    } else {
                        streamEnded();
                        failed.accept(new RefusedException(Failure.UPSTREAM_FAILED, "it takes no more streams"));
                    }
                });
    }

    void streamEnded() {
        open--;
        watch();
        if (retired && open == 0) {
            channel.close();
        }
    }

    /** Opens no more streams; those that are open go on. */
    void retire() {
        retired = true;
        if (open == 0) {
            channel.close();
        }
    }

    private void watch() {
        if (open == 0) {
            deadline.set(IDLE, channel::close);
        } else {
            deadline.set(patience.multipliedBy(2), this::ping);
        }
    }

    private void ping() {
        channel.writeAndFlush(new DefaultHttp2PingFrame(System.nanoTime()));
        deadline.set(patience, channel::close);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof Http2GoAwayFrame) {
            retire();
        }
        ReferenceCountUtil.release(message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (open > 0) {
            watch();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.cancel();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // What breaks a rule of HTTP/2 ends the connection with a GOAWAY that says so; anything else at once.
        if (!(cause instanceof Http2Exception)) {
            ctx.close();
        }
    }
}
