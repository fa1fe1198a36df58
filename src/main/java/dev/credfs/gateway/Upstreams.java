package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.security.SignatureException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Connections to upstreams: made to the addresses that were checked, with TLS to the name that was configured, and kept for
 * the next request of the same route on the same event loop. Over TLS an upstream may choose HTTP/2, and then one connection
 * carries many exchanges.
 */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class Upstreams implements AutoCloseable {
    private static final String HTTP_2 = ApplicationProtocolNames.HTTP_2;
    private static final String HTTP_1_1 = ApplicationProtocolNames.HTTP_1_1;
    private static final int MAX_IDLE_PER_ROUTE = 64;
    private static final int RESOLVER_THREADS = 4;
    private static final int MAX_WAITING_NAMES = 1000;
    private static final int MAX_LINE = 16 * 1024;
    static final int MAX_HEAD_BYTES = 64 * 1024;

    private final NameResolution names;
    private final Duration connectTimeout;
    private final ThreadPoolExecutor resolver;
    private final Map<String, SslContext> tls = new HashMap<>();
    /** Those that offer no HTTP/2, for what it does not carry. */
    private final Map<String, SslContext> tlsForHttp1 = new HashMap<>();

    private final Map<EventLoop, Map<String, Kept>> kept = new HashMap<>();

    /**
     * A connection that an exchange asks for.
     *
     * @param loop that it must be on
     * @param fresh whether it must be a new one: a kept one has just turned out to be dead
     * @param webSocket whether it is to become a WebSocket
     */
    record Demand(Route route, EventLoop loop, boolean fresh, boolean webSocket) {}

    /** What there is for the requests of one route on one event loop. */
    private static final class Kept {
        final Deque<UpstreamConnection> idle = new ArrayDeque<>();
        final List<UpstreamStreams> streams = new ArrayList<>();
        /** What the last connection spoke: where it was HTTP/2, one is enough for many who ask at once. */
        boolean speaksHttp2;
        /** Who waits for that one. */
        final List<Waiting> waiting = new ArrayList<>();

        boolean connecting;
    }

    /** An exchange without a connection. */
    private record Waiting(Demand demand, Consumer<UpstreamSide> ready, Consumer<RefusedException> failed) {}

    /** What becomes of a connection that is being made. */
    private interface Arrival {
        void http1(UpstreamConnection connection);

        void http2(UpstreamStreams connection);

        void failed(RefusedException why);
    }

    /**
     * @param loops all event loops that will ask for connections
     * @throws SSLException if the certificate authorities of a route cannot be used
     */
    Upstreams(List<Route> routes, List<EventLoop> loops, NameResolution names, Duration connectTimeout)
            throws SSLException {
        this.names = names;
        this.connectTimeout = connectTimeout;
        this.resolver = new ThreadPoolExecutor(
                RESOLVER_THREADS,
                RESOLVER_THREADS,
                30,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING_NAMES),
                task -> new Thread(task, "resolver"));
        resolver.allowCoreThreadTimeOut(true);
        for (Route route : routes) {
            if (route.upstream().tls()) {
                tls.put(route.name(), tlsTo(route.upstream(), HTTP_2, HTTP_1_1));
                if (route.webSocket()) {
                    tlsForHttp1.put(route.name(), tlsTo(route.upstream(), HTTP_1_1));
                }
            }
        }
        for (EventLoop loop : loops) {
            kept.put(loop, new HashMap<>());
        }
    }

    private static SslContext tlsTo(Upstream upstream, String... offered) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .applicationProtocolConfig(new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        offered))
                .endpointIdentificationAlgorithm("HTTPS");
        if (!upstream.authorities().isEmpty()) {
            builder.trustManager(upstream.authorities().toArray(new X509Certificate[0]));
        }
        return builder.build();
    }

    /** Gives {@code ready} the side of one exchange. */
    void acquire(Demand demand, Consumer<UpstreamSide> ready, Consumer<RefusedException> failed) {
        Kept ours = keptFor(demand);
        if (!demand.fresh()) {
            UpstreamConnection idle = takeIdle(ours);
            if (idle != null) {
                ready.accept(idle);
                return;
            }
            UpstreamStreams roomy = demand.webSocket() ? null : withRoom(ours);
            if (roomy != null) {
                roomy.open(ready, failed);
                return;
            }
        }
        Waiting asking = new Waiting(demand, ready, failed);
        if (ours.speaksHttp2 && !demand.webSocket()) {
            ours.waiting.add(asking);
            connectForAll(ours);
        } else {
            connectForOne(ours, asking);
        }
    }

    /**
     * Gives {@code ready} a new connection to a host, at an address that was checked.
     *
     * @param prepare what is done to its channel before it connects
     */
    void reach(
            Authority to,
            boolean privateNetwork,
            EventLoop loop,
            Consumer<Channel> prepare,
            Consumer<Channel> ready,
            Consumer<RefusedException> failed) {
        try {
            resolver.execute(() -> {
                try {
                    InetAddress[] addresses = addressesOf(to.host(), privateNetwork);
                    loop.execute(() -> connect(to, loop, addresses, 0, prepare, ready, failed));
                } catch (RefusedException e) {
                    loop.execute(() -> failed.accept(e));
                }
            });
        } catch (RejectedExecutionException e) {
            failed.accept(new RefusedException(Failure.UPSTREAM_FAILED, "too many names wait to be resolved"));
        }
    }

    private static @Nullable UpstreamConnection takeIdle(Kept ours) {
        while (true) {
            UpstreamConnection connection = ours.idle.pollLast();
            if (connection == null || connection.takeFromIdle()) {
                return connection;
            }
        }
    }

    private static @Nullable UpstreamStreams withRoom(Kept ours) {
        for (UpstreamStreams connection : ours.streams) {
            if (connection.hasRoom()) {
                return connection;
            }
        }
        return null;
    }

    private void connectForOne(Kept ours, Waiting asking) {
        make(asking.demand(), new Arrival() {
            @Override
            public void http1(UpstreamConnection connection) {
                asking.ready().accept(connection);
            }

            @Override
            public void http2(UpstreamStreams connection) {
                ours.speaksHttp2 = true;
                open(connection, asking);
            }

            @Override
            public void failed(RefusedException why) {
                asking.failed().accept(why);
            }
        });
    }

    private void connectForAll(Kept ours) {
        if (ours.connecting || ours.waiting.isEmpty()) {
            return;
        }
        ours.connecting = true;
        make(ours.waiting.get(0).demand(), new Arrival() {
            private List<Waiting> all() {
                ours.connecting = false;
                List<Waiting> all = List.copyOf(ours.waiting);
                ours.waiting.clear();
                return all;
            }

            @Override
            public void http1(UpstreamConnection connection) {
                ours.speaksHttp2 = false;
                List<Waiting> all = all();
                all.get(0).ready().accept(connection);
                for (Waiting asking : all.subList(1, all.size())) {
                    connectForOne(ours, asking);
                }
            }

            @Override
            public void http2(UpstreamStreams connection) {
                List<Waiting> all = all();
                // The first has it in any case, to be refused where it takes no stream at all.
                open(connection, all.get(0));
                for (Waiting asking : all.subList(1, all.size())) {
                    if (connection.hasRoom()) {
                        open(connection, asking);
                    } else {
                        ours.waiting.add(asking);
                    }
                }
                connectForAll(ours);
            }

            @Override
            public void failed(RefusedException why) {
                for (Waiting asking : all()) {
                    asking.failed().accept(why);
                }
            }
        });
    }

    private static void open(UpstreamStreams connection, Waiting asking) {
        if (connection.hasRoom()) {
            connection.open(asking.ready(), asking.failed());
        } else {
            asking.failed().accept(new RefusedException(Failure.UPSTREAM_FAILED, "the upstream takes no streams"));
        }
    }

    private Kept keptFor(Demand demand) {
        Map<String, Kept> ofLoop = kept.get(demand.loop());
        if (ofLoop == null) {
            throw new IllegalStateException("not one of our event loops");
        }
        return ofLoop.computeIfAbsent(demand.route().name(), name -> new Kept());
    }

    private void keep(Kept ours, UpstreamConnection connection) {
        if (ours.idle.size() >= MAX_IDLE_PER_ROUTE) {
            ours.idle.pollFirst().close();
        }
        ours.idle.addLast(connection);
        connection.becomeIdle(() -> ours.idle.remove(connection));
    }

    private void make(Demand demand, Arrival arrival) {
        Upstream upstream = demand.route().upstream();
        reach(
                new Authority(upstream.host(), upstream.port()),
                upstream.privateNetwork(),
                demand.loop(),
                channel -> {
                    if (upstream.tls()) {
                        channel.pipeline().addLast(tlsOf(demand, channel), new Greeting(demand, arrival));
                    }
                },
                channel -> {
                    if (!upstream.tls()) {
                        arrival.http1(http1(demand, channel));
                    }
                },
                arrival::failed);
    }

    private InetAddress[] addressesOf(String host, boolean privateNetwork) throws RefusedException {
        InetAddress[] addresses;
        try {
            addresses = names.resolve(host);
        } catch (UnknownHostException e) {
            throw new RefusedException(Failure.UPSTREAM_FAILED, "the name " + host + " does not resolve");
        }
        // One address of ours among public ones is how a rebinding begins: none of them is trusted then.
        for (InetAddress address : addresses) {
            if (!AddressRule.allows(address, privateNetwork)) {
                throw new RefusedException(
                        Failure.UPSTREAM_FAILED,
                        host + " resolves to " + address.getHostAddress() + ", " + AddressRule.why(address));
            }
        }
        return Arrays.copyOf(addresses, addresses.length);
    }

    private void connect(
            Authority to,
            EventLoop loop,
            InetAddress[] addresses,
            int index,
            Consumer<Channel> prepare,
            Consumer<Channel> ready,
            Consumer<RefusedException> failed) {
        if (index == addresses.length) {
            failed.accept(new RefusedException(Failure.UPSTREAM_FAILED, to + " refuses the connection"));
            return;
        }
        Bootstrap bootstrap = new Bootstrap()
                .group(loop)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .option(ChannelOption.WRITE_BUFFER_WATER_MARK, Gateway.MAY_WAIT)
                .option(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 2048, Gateway.MAX_READ))
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connectTimeout.toMillis())
                .handler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        prepare.accept(channel);
                    }
                });
        ChannelFuture connecting = bootstrap.connect(new InetSocketAddress(addresses[index], to.port()));
        connecting.addListener(done -> {
            if (done.isSuccess()) {
                ready.accept(connecting.channel());
            } else {
                connect(to, loop, addresses, index + 1, prepare, ready, failed);
            }
        });
    }

    private SslHandler tlsOf(Demand demand, Channel channel) {
        Route route = demand.route();
        SslContext context =
                Objects.requireNonNull((demand.webSocket() ? tlsForHttp1 : tls).get(route.name()), route.name());
        // Name and port go into SNI and into the check of the certificate.
        SslHandler handler = context.newHandler(
                channel.alloc(), route.upstream().host(), route.upstream().port());
        handler.setHandshakeTimeoutMillis(connectTimeout.toMillis());
        return handler;
    }

    /** Waits for the end of the TLS handshake, which says whether the upstream is who it must be and what it speaks. */
    private final class Greeting extends ChannelInboundHandlerAdapter {
        private final Demand demand;
        private final Arrival arrival;

        Greeting(Demand demand, Arrival arrival) {
            this.demand = demand;
            this.arrival = arrival;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent shaken)) {
                ctx.fireUserEventTriggered(event);
                return;
            }
            Channel channel = ctx.channel();
            SslHandler handler = channel.pipeline().get(SslHandler.class);
            Throwable problem = shaken.isSuccess() ? validity(handler) : shaken.cause();
            if (problem != null) {
                channel.close();
                arrival.failed(new RefusedException(
                        Failure.UPSTREAM_FAILED,
                        "TLS to " + demand.route().upstream().authority() + ": " + tlsProblem(problem)));
                return;
            }
            channel.pipeline().remove(this);
            if (HTTP_2.equals(handler.applicationProtocol())) {
                arrival.http2(http2(demand, channel));
            } else {
                arrival.http1(http1(demand, channel));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // The event tells.
            ctx.close();
        }
    }

    private UpstreamConnection http1(Demand demand, Channel channel) {
        HttpDecoderConfig strict = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_LINE)
                .setMaxHeaderSize(MAX_HEAD_BYTES)
                .setAllowDuplicateContentLengths(false)
                .setUseRfc9112TransferEncoding(true);
        Kept ours = keptFor(demand);
        UpstreamConnection connection = new UpstreamConnection(free -> keep(ours, free));
        channel.pipeline().addLast(new HttpClientCodec(strict, false, false), connection);
        return connection;
    }

    private UpstreamStreams http2(Demand demand, Channel channel) {
        Kept ours = keptFor(demand);
        Set<String> secrets = demand.route().headersWithSecrets();
        if (!demand.route().credential().queryParameter().isEmpty()) {
            secrets.add(Http2Headers.PseudoHeaderName.PATH.value().toString());
        }
        UpstreamStreams connection = UpstreamStreams.begin(
                channel,
                connectTimeout,
                (name, value) -> secrets.contains(name.toString()) || HeaderRules.isCredential(name.toString()));
        ours.streams.add(connection);
        channel.closeFuture().addListener(closed -> ours.streams.remove(connection));
        return connection;
    }

    /** Java takes a certificate that is itself a trusted one for valid, whatever its dates. */
    private static @Nullable Throwable validity(SslHandler handler) {
        try {
            ((X509Certificate) handler.engine().getSession().getPeerCertificates()[0]).checkValidity();
            return null;
        } catch (CertificateException | SSLException e) {
            return e;
        }
    }

    private static String tlsProblem(Throwable cause) {
        for (Throwable t = cause; t != null; t = t.getCause()) {
            if (t instanceof CertificateExpiredException) {
                return "its certificate has expired";
            }
            if (t instanceof CertificateNotYetValidException) {
                return "its certificate is not valid yet";
            }
            if (t instanceof CertPathValidatorException && t.getCause() == null) {
                return "its certificate does not hold";
            }
            if (t instanceof SignatureException) {
                return "its certificate is signed by nobody we trust";
            }
            if (t instanceof CertPathBuilderException) {
                return "its certificate is signed by nobody we trust";
            }
            if (t.getClass() == CertificateException.class && t.getCause() == null) {
                return "its certificate is for another name";
            }
        }
        return "the handshake failed";
    }

    @Override
    public void close() {
        resolver.shutdownNow();
    }
}
