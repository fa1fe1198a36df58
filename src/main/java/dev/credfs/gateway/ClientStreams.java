package dev.credfs.gateway;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;

/** One client that speaks HTTP/2: the streams on its connection, each of which asks one thing. Of one event loop. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientStreams extends ChannelInboundHandlerAdapter {
    /** What a client may have under way at once. */
    private static final int MAX_STREAMS = 100;
    /** Of those, how many may be uploads that wait for their upstreams before the others wait too. */
    private static final int UPLOADS_AHEAD = 16;
    /** A client that opens streams and resets them costs as much as one that asks (CVE-2023-44487). */
    private static final int MAX_RESETS_PER_WINDOW = 200;

    private final Desk desk;
    private final Peer peer;
    private final Approach approach;
    private final Channel channel;
    private final LastToken lastToken = new LastToken();
    private final Deadline deadline;
    private int open;

    private ClientStreams(Channel channel, Desk desk, Peer peer, Approach approach) {
        this.channel = channel;
        this.desk = desk;
        this.peer = peer;
        this.approach = approach;
        this.deadline = new Deadline(channel.eventLoop());
        deadline.set(desk.limits().head(), channel::close);
    }

    /** Takes HTTP/2 from {@code channel} from here on. */
    static void serve(Channel channel, Desk desk, Peer peer, Approach approach) {
        Http2Settings settings = Http2Settings.defaultSettings()
                .maxConcurrentStreams(MAX_STREAMS)
                .initialWindowSize(StreamLimits.WINDOW_BYTES)
                .maxHeaderListSize(RequestDecoder.MAX_HEAD_BYTES);
        Http2FrameCodecBuilder builder = Http2FrameCodecBuilder.forServer()
                .initialSettings(settings)
                // What is malformed is answered and recorded, as it is in HTTP/1.1: StreamFields looks at every field.
                .validateHeaders(false)
                .encoderEnforceMaxRstFramesPerWindow(MAX_RESETS_PER_WINDOW, StreamLimits.RESET_WINDOW_SECONDS);
        Http2FrameCodec codec = StreamLimits.codec(builder, MAX_RESETS_PER_WINDOW);
        ClientStreams streams = new ClientStreams(channel, desk, peer, approach);
        channel.pipeline()
                .addLast(
                        codec,
                        new Http2MultiplexHandler(new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel stream) {
                                stream.config().setWriteBufferWaterMark(Gateway.MAY_WAIT);
                                stream.pipeline().addLast(new ClientStream(streams, stream));
                            }
                        }),
                        streams);
        StreamLimits.widen(codec.connection(), UPLOADS_AHEAD);
        channel.flush();
    }

    Desk desk() {
        return desk;
    }

    Peer peer() {
        return peer;
    }

    Approach approach() {
        return approach;
    }

    LastToken lastToken() {
        return lastToken;
    }

    void streamBegins() {
        open++;
        deadline.clear();
    }

    void streamEnded() {
        open--;
        if (open == 0) {
            // Whatever it says meanwhile: pings keep nothing open that nobody uses.
            deadline.set(desk.limits().idle(), channel::close);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ReferenceCountUtil.release(message);
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
