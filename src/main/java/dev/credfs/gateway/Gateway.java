package dev.credfs.gateway;

import dev.credfs.audit.AuditLog;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Gid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.PeerCredentials;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/** A gateway that serves until it is closed. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
public final class Gateway implements AutoCloseable {
    /** Held, since the level of a logger that nobody holds is forgotten. */
    private static final Logger NETTY = Logger.getLogger("io.netty");

    static {
        // It tells of frames that any client can send by the thousand, and stderr is for what an operator has to know.
        NETTY.setLevel(Level.WARNING);
    }

    /** What a connection may hold when the other side of the exchange is slow: the high mark and one read. */
    static final WriteBufferWaterMark MAY_WAIT = new WriteBufferWaterMark(16 * 1024, 32 * 1024);

    /**
     * What a client's TCP socket takes ahead of what can be sent. Left to itself it grows to megabytes, and a thousand clients
     * that read nothing have a gigabyte searched for them; with this each costs as much, and is woken for again when half of it
     * has gone.
     */
    private static final long UNSENT_BYTES = 128 * 1024;

    static final int MAX_READ = 32 * 1024;
    private static final int BACKLOG = 1024;
    /** Without requests, too, a revocation is soon on record. */
    private static final long REVOCATIONS_MILLIS = 500;

    private static final long QUIET_MILLIS = 0;
    private static final long STOP_SECONDS = 5;

    private final MultiThreadIoEventLoopGroup loops;
    private final ChannelGroup clients = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final ChannelGroup scrapes = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final List<Channel> servers = new ArrayList<>();
    private final List<Channel> metricsServers = new ArrayList<>();
    private final List<AutoCloseable> resources = new ArrayList<>();
    /** What a {@code Host} field may say to mean the gateway. */
    private final Set<String> ownNames = ConcurrentHashMap.newKeySet();

    private final Outside outside;
    private @Nullable GatewayConfig served;
    private @Nullable Gate current;
    private @Nullable Authorizers authorizers;

    /**
     * What a gateway asks of the world around it.
     *
     * @param audit where every request is recorded
     * @param peers finds the process at the other end of the unix socket
     * @param names finds the addresses of upstreams
     * @param clock tells the time; what it takes back is not believed
     */
    public record Outside(AuditLog audit, PeerIdentification peers, NameResolution names, InstantSource clock) {}

    private Gateway(Outside outside) {
        this.outside = outside;
        this.loops = new MultiThreadIoEventLoopGroup(
                Math.max(2, Runtime.getRuntime().availableProcessors()), EpollIoHandler.newFactory());
    }

    /**
     * Listens; when this returns, requests are answered.
     *
     * @throws RefusedException if a listener or the state directory cannot be had; the message says which and why
     */
    public static Gateway start(GatewayConfig config, Outside outside) throws RefusedException {
        if (!Epoll.isAvailable()) {
            throw new RefusedException(
                    Failure.CONFIGURATION_INVALID, "the gateway needs Linux on x86-64: " + Epoll.unavailabilityCause());
        }
        Gateway gateway = new Gateway(outside);
        try {
            gateway.open(config);
            return gateway;
        } catch (IOException e) {
            gateway.close();
            throw new RefusedException(Failure.CONFIGURATION_INVALID, String.valueOf(e.getMessage()));
        } catch (RefusedException | RuntimeException e) {
            gateway.close();
            throw e;
        }
    }

    private void open(GatewayConfig config) throws IOException, RefusedException {
        ForwardClock clock = new ForwardClock(outside.clock(), System::nanoTime);
        Path state = config.stateDirectory();
        OwnDirectory.check(state);
        resources.add(OwnDirectory.lock(
                state.resolve("lock"), "another gateway has the state directory " + state + ": give each its own"));
        CallLedger calls = CallLedger.open(config.calls(), clock);
        resources.add(calls);
        RevocationList revocations = new RevocationList(GatewayConfig.revocations(config.stateDirectory()));
        Metrics metrics = new Metrics(clients::size, revocations::count);
        Recorder recorder = new Recorder(outside.audit(), calls, config.dryRun(), metrics);
        resources.add(recorder);
        Authorizers atWork = new Authorizers(clock, outside.names(), config.stateDirectory());
        resources.add(atWork);
        authorizers = atWork;
        for (Route route : config.routes()) {
            atWork.add(route);
        }
        List<EventLoop> eventLoops = new ArrayList<>();
        for (EventExecutor loop : loops) {
            eventLoops.add((EventLoop) loop);
        }
        Upstreams upstreams = new Upstreams(
                config.routes(), eventLoops, outside.names(), config.limits().connect());
        resources.add(upstreams);
        loops.next()
                .scheduleWithFixedDelay(
                        () -> recorder.recordRevocations(revocations, clock),
                        0,
                        REVOCATIONS_MILLIS,
                        TimeUnit.MILLISECONDS);
        served = config;
        ownNames.addAll(List.of("gateway", "localhost", config.audience().name().toLowerCase(Locale.ROOT)));
        RouteTable routes = new RouteTable(config.routes(), ownNames, config.interception());
        Gate gate = new Gate(routes, config.keys(), config.audience(), revocations, clock, config.dryRun());
        current = gate;
        Desk desk = new Desk(
                gate,
                recorder,
                upstreams,
                atWork,
                config.limits(),
                new SlowReaders(config.limits().slowReaders()),
                leaves(config, routes, clock),
                metrics,
                clock,
                new AtomicLong(),
                new AtomicLong());
        for (GatewayConfig.Listener listener : config.listeners()) {
            if (listener instanceof GatewayConfig.Listener.Unix unix) {
                SocketFile file = SocketFile.claim(unix.path());
                resources.add(file);
                listen(
                        EpollServerDomainSocketChannel.class,
                        new DomainSocketAddress(unix.path().toFile()),
                        channel -> welcome(channel, desk));
                file.opened();
            } else if (listener instanceof GatewayConfig.Listener.Tcp tcp) {
                Channel server =
                        listen(EpollServerSocketChannel.class, tcp.address(), channel -> welcome(channel, desk));
                addNames((InetSocketAddress) server.localAddress());
            }
        }
        for (GatewayConfig.Listener.Tcp listener : config.metrics()) {
            metricsServers.add(listen(
                    EpollServerSocketChannel.class,
                    listener.address(),
                    channel -> MetricsConnection.serve(channel, scrapes, metrics)));
        }
    }

    /**
     * Takes up other root keys, and other credentials of the same routes, from the next request on.
     *
     * @throws RefusedException if anything else is different, which takes a restart
     */
    public synchronized void renew(GatewayConfig next) throws RefusedException {
        String fixed = served == null ? "gateway" : served.needsRestartFor(next);
        Gate gate = current;
        Authorizers atWork = authorizers;
        if (gate == null || atWork == null || !fixed.isEmpty()) {
            throw new RefusedException(Failure.CONFIGURATION_INVALID, "'" + fixed + "' changed, which takes a restart");
        }
        for (Route route : next.routes()) {
            // Before a request can put it in, its answer can be searched for it.
            atWork.add(route);
        }
        gate.renew(new RouteTable(next.routes(), ownNames, next.interception()), next.keys());
        served = next;
    }

    private static Optional<Leaves> leaves(GatewayConfig config, RouteTable routes, InstantSource clock)
            throws RefusedException {
        if (!(config.interception() instanceof Interception.On on)) {
            return Optional.empty();
        }
        return Optional.of(new Leaves(
                new CertificateAuthority(
                        AuthorityKey.at(config.authorityKey()),
                        on.certificate(),
                        config.audience().name(),
                        routes.interceptedHosts(),
                        clock),
                clock));
    }

    private void addNames(InetSocketAddress address) {
        for (String name : List.of("gateway", "localhost", address.getAddress().getHostAddress())) {
            ownNames.add(name + ":" + address.getPort());
        }
    }

    private Channel listen(Class<? extends ServerChannel> kind, SocketAddress address, Consumer<Channel> welcome)
            throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(kind)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, MAY_WAIT)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, new AdaptiveRecvByteBufAllocator(512, 2048, MAX_READ))
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        welcome.accept(channel);
                    }
                });
        if (kind == EpollServerSocketChannel.class) {
            bootstrap
                    .option(ChannelOption.SO_REUSEADDR, true)
                    .childOption(ChannelOption.TCP_NODELAY, true)
                    .childOption(EpollChannelOption.TCP_NOTSENT_LOWAT, UNSENT_BYTES);
        }
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "cannot listen on " + address + ": " + bound.cause().getMessage(), bound.cause());
        }
        servers.add(bound.channel());
        return bound.channel();
    }

    private void welcome(Channel channel, Desk desk) {
        if (clients.size() >= desk.limits().connections()) {
            channel.close();
            return;
        }
        clients.add(channel);
        Peer peer = peerOf(channel);
        if (desk.leavesWhereIntercepting().isPresent()) {
            Preamble.await(channel, desk, peer, new Approach.Open(true));
        } else {
            ClientConnection.serve(channel, desk, peer, new Approach.Open(false));
        }
    }

    private Peer peerOf(Channel channel) {
        if (!(channel instanceof EpollDomainSocketChannel unix)) {
            return new Peer.Address((InetSocketAddress) channel.remoteAddress());
        }
        PeerCredentials credentials;
        try {
            credentials = unix.peerCredentials();
        } catch (IOException e) {
            return new Peer.Unclear(0, 0, "the kernel does not say who connected");
        }
        long uid = Integer.toUnsignedLong(credentials.uid());
        int[] gids = credentials.gids();
        try {
            return new Peer.Local(outside.peers()
                    .identify(credentials.pid(), new Uid(uid), Gid.ofUnsigned(gids.length == 0 ? -1 : gids[0])));
        } catch (RefusedException e) {
            return new Peer.Unclear(credentials.pid(), uid, e.why());
        }
    }

    /** The port of the first TCP listener, also where the configuration left it to the kernel (port 0). */
    public int port() {
        for (Channel server : servers) {
            if (server.localAddress() instanceof InetSocketAddress tcp) {
                return tcp.getPort();
            }
        }
        throw new IllegalStateException("this gateway does not listen on TCP");
    }

    /** The port of the first listener for metrics. */
    public int metricsPort() {
        return ((InetSocketAddress) metricsServers.get(0).localAddress()).getPort();
    }

    /** Stops listening, ends all connections, writes what is still to be recorded. */
    @Override
    public void close() {
        for (Channel server : servers) {
            server.close().awaitUninterruptibly();
        }
        clients.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        scrapes.close().awaitUninterruptibly(STOP_SECONDS, TimeUnit.SECONDS);
        for (int i = resources.size() - 1; i >= 0; i--) {
            closeQuietly(resources.get(i));
        }
        // Last: what is recorded ends on a loop.
        loops.shutdownGracefully(QUIET_MILLIS, STOP_SECONDS * 1000, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly();
    }

    private static void closeQuietly(AutoCloseable resource) {
        try (resource) {
            return;
        } catch (Exception e) {
            // The rest is closed all the same, and a socket that stays is cleared at the next start.
            return;
        }
    }
}
