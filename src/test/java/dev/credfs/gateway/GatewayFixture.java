package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.Expiry;
import dev.credfs.caveat.HostPattern;
import dev.credfs.caveat.TokenId;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A gateway on a unix socket and a loopback port, with a log in memory and whatever a test changes about it. */
final class GatewayFixture implements AutoCloseable {
    static final String CREDENTIAL = "ghp_R3al+Secret/0f-the_Upstream==";
    static final Audience AUDIENCE = new Audience("gateway.local");
    static final KeyId KEY_ID = new KeyId("github");
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final RootKey KEY = RootKey.generate(RANDOM);

    /** The audit log of a test: a list, or a disk that is full. */
    static final class Log implements AuditLog {
        final List<AuditEvent> events = new CopyOnWriteArrayList<>();
        final AtomicInteger refusedEvents = new AtomicInteger();
        volatile boolean full;

        @Override
        public void append(AuditEvent event) throws AuditUnavailableException {
            if (full) {
                refusedEvents.incrementAndGet();
                throw new AuditUnavailableException("no space left on device");
            }
            events.add(event);
        }

        <E extends AuditEvent> List<E> of(Class<E> kind) {
            List<E> found = new ArrayList<>();
            for (AuditEvent event : events) {
                if (kind.isInstance(event)) {
                    found.add(kind.cast(event));
                }
            }
            return found;
        }
    }

    final Log log = new Log();
    final Path directory;
    final Path socket;
    private final List<Route> routes = new ArrayList<>();
    private Limits limits = Limits.DEFAULT;
    private NameResolution names = InetAddress::getAllByName;
    private boolean dryRun;
    private Interception interception = new Interception.Off();
    volatile Container container = Container.HOST;
    volatile Instant nowOrLater = Instant.EPOCH;
    private @Nullable Gateway gateway;

    GatewayFixture(Path directory) {
        this.directory = directory;
        this.socket = directory.resolve("gw").resolve("gateway.sock");
    }

    GatewayFixture route(String name, int port, Placement placement) {
        return route(name, Upstream.parse("http://127.0.0.1:" + port, true, List.of()), placement);
    }

    GatewayFixture route(String name, Upstream upstream, Placement placement) {
        routes.add(new Route(name, upstream, fixed(placement), Identity.ByToken.usual(), false, true));
        return this;
    }

    GatewayFixture webSocketRoute(String name, int port) {
        Upstream upstream = Upstream.parse("http://127.0.0.1:" + port, true, List.of());
        return route(new Route(name, upstream, fixed(new Placement.Bearer()), Identity.ByToken.usual(), true, true));
    }

    GatewayFixture route(Route route) {
        routes.add(route);
        return this;
    }

    static Credential fixed(Placement placement) {
        return new Credential.Fixed(placement, credential());
    }

    static SecretBytes credential() {
        return SecretBytes.copyOf(CREDENTIAL.getBytes(StandardCharsets.US_ASCII));
    }

    GatewayFixture limits(Limits changed) {
        limits = changed;
        return this;
    }

    GatewayFixture names(NameResolution changed) {
        names = changed;
        return this;
    }

    /** Takes requests for the upstreams' own hosts; {@code tunnel} lists further ones, on addresses of ours too. */
    GatewayFixture intercepting(HostPattern... tunnel) {
        interception = new Interception.On(certificate(), List.of(tunnel), false, true);
        return this;
    }

    Path certificate() {
        return directory.resolve("state").resolve("ca.pem");
    }

    GatewayFixture dry() {
        dryRun = true;
        return this;
    }

    GatewayFixture enforcing() {
        dryRun = false;
        return this;
    }

    GatewayFixture start() throws RefusedException, IOException {
        Path state = directory.resolve("state");
        Files.createDirectories(state);
        GatewayConfig config = new GatewayConfig(
                AUDIENCE,
                List.of(
                        new GatewayConfig.Listener.Unix(socket),
                        new GatewayConfig.Listener.Tcp(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false)),
                List.of(new GatewayConfig.Listener.Tcp(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), false)),
                Map.of(KEY_ID, KEY),
                routes,
                interception,
                state,
                limits,
                dryRun);
        InstantSource clock = () -> {
            Instant now = Instant.now();
            return nowOrLater.isAfter(now) ? nowOrLater : now;
        };
        gateway = Gateway.start(config, new Gateway.Outside(log, this::caller, names, clock));
        return this;
    }

    void restart() throws RefusedException, IOException {
        close();
        start();
    }

    private Caller caller(int pid, Uid uid, Gid gid) {
        return new Caller(
                new Tid(pid),
                new Pid(pid),
                1,
                uid,
                gid,
                new Executable("/usr/bin/curl", 1, 2),
                "0::/test",
                4026531837L,
                container);
    }

    int metricsPort() {
        return Objects.requireNonNull(gateway, "not started").metricsPort();
    }

    int port() {
        return Objects.requireNonNull(gateway, "not started").port();
    }

    RawClient tcp() throws IOException {
        return RawClient.tcp(port());
    }

    RawClient unix() throws IOException {
        return RawClient.unix(socket);
    }

    /** A master of the fixture's key, without caveats. */
    static MasterMacaroon master() {
        return KEY.issue(KEY_ID, List.of());
    }

    /** A token for the fixture's gateway that lives five minutes, with these caveats in addition. */
    static String token(String... caveats) {
        return token(TokenId.fresh(Instant.now(), RANDOM), Duration.ofMinutes(5), caveats);
    }

    static String token(TokenId id, Duration ttl, String... caveats) {
        return attenuated(List.of(id, AUDIENCE), ttl, caveats);
    }

    /** A token without an id, as only the holder of a key or a master can make one. */
    static String tokenOf(String... caveats) {
        return attenuated(List.of(AUDIENCE), Duration.ofMinutes(5), caveats);
    }

    private static String attenuated(List<Caveat> first, Duration ttl, String... caveats) {
        List<Caveat> list = new ArrayList<>(first);
        try {
            for (String caveat : caveats) {
                list.add(Caveat.parse(caveat));
            }
        } catch (CaveatSyntaxException e) {
            throw new IllegalArgumentException(e);
        }
        list.add(new Expiry(Instant.now().plus(ttl).truncatedTo(ChronoUnit.SECONDS)));
        return new String(master().attenuate(list).revealText(), StandardCharsets.US_ASCII);
    }

    static TokenId freshId() {
        return TokenId.fresh(Instant.now(), RANDOM);
    }

    static String get(String target, String token) {
        return "GET " + target + " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer " + token + "\r\n\r\n";
    }

    /** Waits, at most ten seconds. */
    static void eventually(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("did not come true within ten seconds");
            }
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        if (gateway != null) {
            gateway.close();
        }
    }
}
