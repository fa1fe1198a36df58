package dev.credfs.gateway;

import dev.credfs.caveat.Audience;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All that a gateway is told before it starts.
 *
 * @param audience what a token's {@code aud} must be
 * @param listeners where clients connect; at least one
 * @param metrics where {@code /metrics} is read; may be empty
 * @param keys the root keys by the key id that macaroons name them with
 * @param routes at least one, each with a name of its own
 * @param interception whether requests for the upstreams' own hosts are taken; then no two routes get the same ones
 * @param stateDirectory holds the list of revocations, the count of calls and the certificate authority; only its owner
 *     writes to it
 * @param limits of time and number
 * @param dryRun whether a verified token's caveats are only looked at: what stands in the way is recorded and let through
 */
public record GatewayConfig(
        Audience audience,
        List<Listener> listeners,
        List<Listener.Tcp> metrics,
        Map<KeyId, RootKey> keys,
        List<Route> routes,
        Interception interception,
        Path stateDirectory,
        Limits limits,
        boolean dryRun) {
    /** Where clients connect. */
    public sealed interface Listener {
        /** The place, as a log shows it. */
        String describe();

        /**
         * A unix socket, whose peers are seen.
         *
         * @param path of the socket; its directory is made if its parent exists
         */
        record Unix(Path path) implements Listener {
            @Override
            public String describe() {
                return path.toString();
            }
        }

        /**
         * A TCP address, whose peers are addresses.
         *
         * @param unsafePublic whether it may be another than a loopback address
         */
        record Tcp(InetSocketAddress address, boolean unsafePublic) implements Listener {
            public Tcp {
                if (address.isUnresolved()) {
                    throw new IllegalArgumentException("an address is a number, not a name");
                }
                if (!unsafePublic && !address.getAddress().isLoopbackAddress()) {
                    throw new IllegalArgumentException(
                            address.getAddress().getHostAddress() + " is not a loopback address");
                }
            }

            @Override
            public String describe() {
                return address.getAddress().getHostAddress() + ":" + address.getPort();
            }
        }
    }

    public GatewayConfig {
        listeners = List.copyOf(listeners);
        metrics = List.copyOf(metrics);
        keys = Map.copyOf(keys);
        routes = List.copyOf(routes);
        if (listeners.isEmpty() || routes.isEmpty()) {
            throw new IllegalArgumentException("a gateway has at least one listener and one route");
        }
        Set<String> names = new HashSet<>();
        List<Route> before = new ArrayList<>();
        for (Route route : routes) {
            if (!names.add(route.name())) {
                throw new IllegalArgumentException("two routes named " + route.name());
            }
            for (Route other : before) {
                if (interception instanceof Interception.On && route.isInTheWayOf(other)) {
                    throw new IllegalArgumentException("routes '" + route.name() + "' and '" + other.name()
                            + "' have the same upstream: say" + " 'intercept: false' in all but one of them");
                }
            }
            before.add(route);
        }
    }

    /**
     * The first key whose value only a new gateway can take up, or nothing: root keys, credentials and the rules for peers are
     * not among them.
     */
    String needsRestartFor(GatewayConfig next) {
        if (!audience.equals(next.audience)) {
            return "audience";
        }
        if (!listeners.equals(next.listeners)) {
            return "listen";
        }
        if (!metrics.equals(next.metrics)) {
            return "metrics";
        }
        if (!stateDirectory.equals(next.stateDirectory)) {
            return "state";
        }
        if (!interception.equals(next.interception)) {
            return "intercept";
        }
        boolean same = routes.size() == next.routes.size();
        for (int i = 0; same && i < routes.size(); i++) {
            same = next.routes.get(i).isRenewalOf(routes.get(i));
        }
        return same ? "" : "routes";
    }

    /** The list of revocations. */
    public static Path revocations(Path stateDirectory) {
        return stateDirectory.resolve("revoked");
    }

    /** The key of the certificate authority. */
    Path authorityKey() {
        return stateDirectory.resolve("ca.key");
    }

    /** Where the certificate of the authority lies if the configuration says nothing else. */
    public static Path certificate(Path stateDirectory) {
        return stateDirectory.resolve("ca.pem");
    }

    Path calls() {
        return stateDirectory.resolve("calls");
    }
}
