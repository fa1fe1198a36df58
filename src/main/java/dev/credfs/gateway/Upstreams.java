package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
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
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Connections to upstreams: made to the addresses that were checked, with TLS to the name that was configured, and kept for
 * the next request of the same route on the same event loop.
 */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class Upstreams implements AutoCloseable {
    private static final int MAX_IDLE_PER_ROUTE = 64;
    private static final int RESOLVER_THREADS = 4;
    private static final int MAX_WAITING_NAMES = 1000;
    private static final int MAX_LINE = 16 * 1024;
    private static final int MAX_HEAD_BYTES = 64 * 1024;

    private final NameResolution names;
    private final Duration connectTimeout;
    private final ThreadPoolExecutor resolver;
    private final Map<String, SslContext> tls = new HashMap<>();
    private final Map<EventLoop, Map<String, Deque<UpstreamConnection>>> idle = new HashMap<>();

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
                tls.put(route.name(), tlsTo(route.upstream()));
            }
        }
        for (EventLoop loop : loops) {
            idle.put(loop, new HashMap<>());
        }
    }

    private static SslContext tlsTo(Upstream upstream) throws SSLException {
        SslContextBuilder builder = SslContextBuilder.forClient()
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.3", "TLSv1.2")
                .endpointIdentificationAlgorithm("HTTPS");
        if (!upstream.authorities().isEmpty()) {
            builder.trustManager(upstream.authorities().toArray(new X509Certificate[0]));
        }
        return builder.build();
    }

    /**
     * Gives {@code ready} a connection for one request, on {@code loop}.
     *
     * @param fresh whether it must be a new one: a kept one has just turned out to be dead
     */
    void acquire(
            Route route,
            EventLoop loop,
            boolean fresh,
            Consumer<UpstreamConnection> ready,
            Consumer<RefusedException> failed) {
        if (!fresh) {
            UpstreamConnection kept = takeIdle(route, loop);
            if (kept != null) {
                ready.accept(kept);
                return;
            }
        }
        Upstream upstream = route.upstream();
        reach(
                new Authority(upstream.host(), upstream.port()),
                upstream.privateNetwork(),
                loop,
                channel -> addHandlers(channel, route),
                channel -> greet(route, channel, ready, failed),
                failed);
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

    private @Nullable UpstreamConnection takeIdle(Route route, EventLoop loop) {
        Deque<UpstreamConnection> kept = idleOf(route, loop);
        while (true) {
            UpstreamConnection connection = kept.pollLast();
            if (connection == null || connection.takeFromIdle()) {
                return connection;
            }
        }
    }

    private Deque<UpstreamConnection> idleOf(Route route, EventLoop loop) {
        Map<String, Deque<UpstreamConnection>> ofLoop = idle.get(loop);
        if (ofLoop == null) {
            throw new IllegalStateException("not one of our event loops");
        }
        return ofLoop.computeIfAbsent(route.name(), name -> new ArrayDeque<>());
    }

    /** Takes back a connection whose request and answer are both complete. */
    void release(Route route, EventLoop loop, UpstreamConnection connection) {
        Deque<UpstreamConnection> kept = idleOf(route, loop);
        if (kept.size() >= MAX_IDLE_PER_ROUTE) {
            kept.pollFirst().close();
        }
        kept.addLast(connection);
        connection.becomeIdle(() -> kept.remove(connection));
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
                        host + " resolves to " + address.getHostAddress()
                                + ", which is not public: say 'private: true' if this leads into your own network");
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

    private static void greet(
            Route route, Channel channel, Consumer<UpstreamConnection> ready, Consumer<RefusedException> failed) {
        UpstreamConnection connection = channel.pipeline().get(UpstreamConnection.class);
        SslHandler handshaking = channel.pipeline().get(SslHandler.class);
        if (handshaking == null) {
            ready.accept(connection);
            return;
        }
        handshaking.handshakeFuture().addListener(shaken -> {
            Throwable problem = shaken.isSuccess() ? validity(handshaking) : shaken.cause();
            if (problem == null) {
                ready.accept(connection);
            } else {
                channel.close();
                failed.accept(new RefusedException(
                        Failure.UPSTREAM_FAILED,
                        "TLS to " + route.upstream().authority() + ": " + tlsProblem(problem)));
            }
        });
    }

    private void addHandlers(Channel channel, Route route) {
        SslContext context = tls.get(route.name());
        if (context != null) {
            // Name and port go into SNI and into the check of the certificate.
            SslHandler handler = context.newHandler(
                    channel.alloc(), route.upstream().host(), route.upstream().port());
            handler.setHandshakeTimeoutMillis(connectTimeout.toMillis());
            channel.pipeline().addLast(handler);
        }
        HttpDecoderConfig strict = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_LINE)
                .setMaxHeaderSize(MAX_HEAD_BYTES)
                .setAllowDuplicateContentLengths(false)
                .setUseRfc9112TransferEncoding(true);
        channel.pipeline().addLast(new HttpClientCodec(strict, false, false), new UpstreamConnection());
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
