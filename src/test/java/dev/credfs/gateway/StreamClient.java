package dev.credfs.gateway;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A client that speaks HTTP/2 over TLS, and says whatever it is told to, also what no client should. */
// A frame that cannot be written is missed by whoever waits for it.
@SuppressWarnings("FutureReturnValueIgnored")
final class StreamClient implements AutoCloseable {
    /** One request, and what came of it. */
    static final class Call extends ChannelInboundHandlerAdapter {
        volatile @Nullable Http2Headers head;
        volatile @Nullable Http2Headers trailers;
        volatile boolean headWasAll;
        volatile boolean ended;
        volatile boolean gone;
        volatile long reset = -1;
        final AtomicLong bytes = new AtomicLong();
        /** Of the event loop that writes it and the test that reads it. */
        @SuppressWarnings("JdkObsolete")
        private final StringBuffer body = new StringBuffer();

        private volatile @Nullable Http2StreamChannel channel;

        private Http2StreamChannel channel() {
            Http2StreamChannel stream = channel;
            if (stream == null) {
                throw new IllegalStateException("not open");
            }
            return stream;
        }

        Call data(String text, boolean end) {
            return data(text.getBytes(StandardCharsets.ISO_8859_1), end);
        }

        Call data(byte[] bytes, boolean end) {
            channel().writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), end));
            return this;
        }

        Call trailers(String... fields) {
            channel().writeAndFlush(new DefaultHttp2HeadersFrame(fields(fields), true));
            return this;
        }

        Call reset() {
            channel().writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.CANCEL));
            return this;
        }

        Call stopReading() {
            channel().config().setAutoRead(false);
            return this;
        }

        Call goOnReading() {
            channel().config().setAutoRead(true);
            return this;
        }

        boolean isWritable() {
            return channel().isWritable();
        }

        boolean isOver() {
            return ended || gone || reset >= 0;
        }

        /** Waits for the head, and for the end of all. */
        Call whole() {
            GatewayFixture.eventually(this::isOver);
            return this;
        }

        int status() {
            Http2Headers fields = head;
            return fields == null ? 0 : Integer.parseInt(String.valueOf(fields.status()));
        }

        String field(String name) {
            Http2Headers fields = head;
            return fields == null ? "" : String.valueOf(fields.get(name));
        }

        String body() {
            return body.toString();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof Http2HeadersFrame fields) {
                if (head == null || status() < 200) {
                    headWasAll = fields.isEndStream();
                    head = fields.headers();
                } else {
                    trailers = fields.headers();
                }
                ended |= fields.isEndStream();
            } else if (message instanceof Http2DataFrame data) {
                ByteBuf content = data.content();
                if (bytes.addAndGet(content.readableBytes()) < 100_000) {
                    body.append(content.toString(StandardCharsets.UTF_8));
                }
                ended |= data.isEndStream();
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof Http2ResetFrame frame) {
                reset = frame.errorCode();
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            gone = true;
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    volatile long goAway = -1;
    private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel channel;

    /**
     * Connects to the gateway, as one who was redirected to it.
     *
     * @param port of the gateway
     * @param host that is meant
     * @param authority file with the certificate that is trusted
     */
    StreamClient(int port, String host, Path authority) throws Exception {
        this(port, host, authority, Http2Settings.defaultSettings());
    }

    StreamClient(int port, String host, Path authority, Http2Settings settings) throws Exception {
        SslContext tls = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .trustManager(authority.toFile())
                .endpointIdentificationAlgorithm("HTTPS")
                .applicationProtocolConfig(StreamUpstream.HTTP_2_ALONE)
                .build();
        channel = new Bootstrap()
                .group(loop)
                .channel(NioSocketChannel.class)
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel made) {
                        SslHandler handler = tls.newHandler(made.alloc(), host, port);
                        made.pipeline()
                                .addLast(
                                        handler,
                                        Http2FrameCodecBuilder.forClient()
                                                .initialSettings(settings)
                                                .validateHeaders(false)
                                                .gracefulShutdownTimeoutMillis(0)
                                                .encoderIgnoreMaxHeaderListSize(true)
                                                .build(),
                                        new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()),
                                        new Connection());
                    }
                })
                .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .sync()
                .channel();
        channel.pipeline().get(SslHandler.class).handshakeFuture().sync();
    }

    private final class Connection extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof Http2GoAwayFrame frame) {
                goAway = frame.errorCode();
            }
            ReferenceCountUtil.release(message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    String protocol() {
        return String.valueOf(channel.pipeline().get(SslHandler.class).applicationProtocol());
    }

    boolean isOpen() {
        return channel.isActive();
    }

    /** Names and values by turns, with the names of pseudo-header fields as they are on the wire. */
    static Http2Headers fields(String... fields) {
        Http2Headers all = new DefaultHttp2Headers(false);
        for (int i = 0; i < fields.length; i += 2) {
            all.add(fields[i], fields[i + 1]);
        }
        return all;
    }

    /** Opens a stream with this head. */
    Call call(boolean end, String... fields) throws Exception {
        Call call = new Call();
        Http2StreamChannel stream = new Http2StreamChannelBootstrap(channel)
                .handler(call)
                .open()
                .sync()
                .getNow();
        call.channel = stream;
        stream.writeAndFlush(new DefaultHttp2HeadersFrame(fields(fields), end));
        return call;
    }

    /** Runs {@code task} with the codec, for frames that no stream sends. */
    void raw(java.util.function.BiConsumer<ChannelHandlerContext, Http2FrameCodec> task) {
        ChannelHandlerContext codec = channel.pipeline().context(Http2FrameCodec.class);
        codec.executor().execute(() -> task.accept(codec, (Http2FrameCodec) codec.handler()));
    }

    /** Writes bytes into the TLS connection. */
    void bytes(ByteBuf bytes) {
        channel.pipeline()
                .context(SslHandler.class)
                .executor()
                .execute(() -> channel.pipeline().context(SslHandler.class).writeAndFlush(bytes));
    }

    @Override
    public void close() {
        channel.close().awaitUninterruptibly();
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
