package dev.credfs.gateway;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2StreamChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A service that speaks HTTP/2 over TLS, and answers as a test tells it to: frame by frame, and wrongly where it wants. */
// What cannot be written shows in what the client gets.
@SuppressWarnings("FutureReturnValueIgnored")
final class StreamUpstream implements AutoCloseable {
    static final ApplicationProtocolConfig HTTP_2_ALONE = new ApplicationProtocolConfig(
            ApplicationProtocolConfig.Protocol.ALPN,
            ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
            ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
            ApplicationProtocolNames.HTTP_2);

    /** One request, and the stream that its answer goes out on. */
    static final class Asked {
        final Http2Headers head;
        final int connection;
        volatile @Nullable Http2Headers trailers;
        volatile boolean whole;
        volatile long reset = -1;
        final AtomicLong bytes = new AtomicLong();
        private final StringBuilder body = new StringBuilder();
        private final ChannelHandlerContext ctx;

        private Asked(Http2Headers head, int connection, ChannelHandlerContext ctx) {
            this.head = head;
            this.connection = connection;
            this.ctx = ctx;
        }

        String path() {
            return String.valueOf(head.path());
        }

        String body() {
            synchronized (body) {
                return body.toString();
            }
        }

        private void append(String text) {
            synchronized (body) {
                body.append(text);
            }
        }

        String field(String name) {
            return String.valueOf(head.get(name));
        }

        boolean isWritable() {
            return ctx.channel().isWritable();
        }

        /** Names and values by turns. */
        Asked head(String status, boolean end, String... fields) {
            Http2Headers answer = fields(fields).status(status);
            ctx.writeAndFlush(new DefaultHttp2HeadersFrame(answer, end));
            return this;
        }

        Asked data(String text, boolean end) {
            return data(text.getBytes(StandardCharsets.UTF_8), end);
        }

        Asked data(byte[] bytes, boolean end) {
            ctx.writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), end));
            return this;
        }

        void trailers(String... fields) {
            ctx.writeAndFlush(new DefaultHttp2HeadersFrame(fields(fields), true));
        }

        void reset(Http2Error error) {
            ctx.writeAndFlush(new DefaultHttp2ResetFrame(error));
        }

        /** Says that it has done nothing about this request, nor about those after it. */
        void goAwayBefore() {
            goAway(-2);
        }

        /** Answers what it has, and nothing more. */
        void goAwayAfter() {
            goAway(0);
        }

        private void goAway(int offset) {
            int stream = ((Http2StreamChannel) ctx.channel()).stream().id();
            ChannelHandlerContext codec = ctx.channel().parent().pipeline().context(Http2FrameCodec.class);
            ((Http2FrameCodec) codec.handler())
                    .goAway(
                            codec,
                            stream + offset,
                            Http2Error.NO_ERROR.code(),
                            Unpooled.EMPTY_BUFFER,
                            codec.newPromise());
            codec.flush();
        }

        void stopReading() {
            ctx.channel().parent().pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext parent, Object bytes) {
                    ReferenceCountUtil.release(bytes);
                }
            });
        }

        void later(Duration delay, Runnable task) {
            ctx.executor().schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
        }

        void closeConnection() {
            ctx.channel().parent().close();
        }

        private static Http2Headers fields(String... fields) {
            Http2Headers all = new DefaultHttp2Headers(false);
            for (int i = 0; i < fields.length; i += 2) {
                all.add(fields[i], fields[i + 1]);
            }
            return all;
        }
    }

    /** What is answered, and when. */
    interface Service {
        /** The head of a request has come. */
        default void begun(Asked asked) {}

        /** A piece of its body has come. */
        default void piece(Asked asked, String text) {}

        /** The request is whole. */
        void ended(Asked asked);

        /** More may be written. */
        default void writable(Asked asked) {}
    }

    final List<Asked> requests = new CopyOnWriteArrayList<>();
    final Set<Channel> connections = ConcurrentHashMap.newKeySet();
    final AtomicLong connectionsEver = new AtomicLong();
    private final MultiThreadIoEventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Channel server;

    StreamUpstream(KeyStore key, Service service) throws Exception {
        this(key, service, Http2Settings.defaultSettings());
    }

    StreamUpstream(KeyStore key, Service service, Http2Settings settings) throws Exception {
        SslContext tls = SslContextBuilder.forServer(TestKeys.key(key), TestKeys.certificate(key))
                .sslProvider(SslProvider.JDK)
                .applicationProtocolConfig(HTTP_2_ALONE)
                .build();
        server = new ServerBootstrap()
                .group(loop)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connections.add(channel);
                        channel.closeFuture().addListener(closed -> connections.remove(channel));
                        int number = (int) connectionsEver.incrementAndGet();
                        channel.pipeline()
                                .addLast(
                                        tls.newHandler(channel.alloc()),
                                        Http2FrameCodecBuilder.forServer()
                                                .initialSettings(settings)
                                                .encoderEnforceMaxRstFramesPerWindow(0, 0)
                                                .decoderEnforceMaxRstFramesPerWindow(0, 0)
                                                .gracefulShutdownTimeoutMillis(0)
                                                .build(),
                                        new Http2MultiplexHandler(new ChannelInitializer<Channel>() {
                                            @Override
                                            protected void initChannel(Channel stream) {
                                                stream.pipeline().addLast(new Stream(service, number));
                                            }
                                        }));
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    private final class Stream extends ChannelInboundHandlerAdapter {
        private final Service service;
        private final int number;
        private @Nullable Asked asked;

        Stream(Service service, int number) {
            this.service = service;
            this.number = number;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            try {
                Asked current = asked;
                boolean end = false;
                if (message instanceof Http2HeadersFrame fields) {
                    end = fields.isEndStream();
                    if (current == null) {
                        current = new Asked(fields.headers(), number, ctx);
                        asked = current;
                        requests.add(current);
                        service.begun(current);
                    } else {
                        current.trailers = fields.headers();
                    }
                } else if (message instanceof Http2DataFrame data && current != null) {
                    end = data.isEndStream();
                    ByteBuf bytes = data.content();
                    current.bytes.addAndGet(bytes.readableBytes());
                    String text = bytes.toString(StandardCharsets.ISO_8859_1);
                    if (current.bytes.get() < 100_000) {
                        current.append(text);
                    }
                    service.piece(current, text);
                }
                if (end && current != null) {
                    current.whole = true;
                    service.ended(current);
                }
            } finally {
                ReferenceCountUtil.release(message);
            }
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            if (asked != null && ctx.channel().isWritable()) {
                service.writable(asked);
            }
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof Http2ResetFrame reset && asked != null) {
                asked.reset = reset.errorCode();
            }
            ReferenceCountUtil.release(event);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
        loop.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
