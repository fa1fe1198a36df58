package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which route a request is for: by its name, {@code http://gateway/<name>/…}, or where the gateway intercepts by the host and
 * port of its upstream. It also says which connections are read here and which pass.
 */
final class RouteTable {
    private static final Pattern OF_A_RELAY = Pattern.compile("(?:gateway|localhost|127\\.0\\.0\\.1):[1-9][0-9]{0,4}");

    private final Map<String, Route> byName = new HashMap<>();
    private final Map<Authority, List<Route>> byAuthority = new HashMap<>();
    private final Set<String> ownNames;
    private final Interception interception;

    /**
     * A route, and what is asked of it.
     *
     * @param target path and query
     * @param whole whether the target is the upstream's own, instead of one that begins with the name of the route
     */
    record Found(Route route, String target, boolean whole) {
        RouteTarget parsed() throws RefusedException {
            return whole ? RouteTarget.whole(target, route) : RouteTarget.parse(target, route);
        }
    }

    /**
     * @param ownNames what a {@code Host} field may say to mean the gateway, in lower case: a browser that was lured to our
     *     address names another
     */
    RouteTable(List<Route> routes, Set<String> ownNames, Interception interception) {
        this.ownNames = ownNames;
        this.interception = interception;
        for (Route route : routes) {
            byName.put(route.name(), route);
            if (interception instanceof Interception.On && route.intercepted()) {
                Upstream upstream = route.upstream();
                byAuthority
                        .computeIfAbsent(
                                new Authority(upstream.host(), upstream.port()), authority -> new ArrayList<>())
                        .add(route);
            }
        }
        Comparator<Route> longestFirst =
                Comparator.comparingInt(route -> -route.upstream().basePath().length());
        byAuthority.values().forEach(same -> same.sort(longestFirst));
    }

    /** Those that a certificate must speak for. */
    Set<String> interceptedHosts() {
        Set<String> hosts = new HashSet<>();
        byAuthority.keySet().forEach(authority -> hosts.add(authority.host()));
        return hosts;
    }

    Found find(Asked asked) throws RefusedException {
        if (asked.atListener() && !asked.tls() && isOwnName(asked.authority())) {
            Route route = byName.get(RouteTarget.routeName(asked.target()));
            if (route == null) {
                // An unknown name is not repeated in the answer or the log: it is whatever the client wrote.
                throw new RefusedException(
                        Failure.NO_SUCH_PATH,
                        "no such route: the first segment of the path names a route of the gateway");
            }
            return new Found(route, asked.target(), false);
        }
        if (interception instanceof Interception.Off) {
            throw new RefusedException(
                    Failure.REQUEST_MISDIRECTED,
                    "the Host field does not name this gateway: use http://gateway/ROUTE/");
        }
        Authority authority;
        try {
            authority = Authority.parse(asked.authority(), asked.usualPort());
        } catch (RefusedException e) {
            throw new RefusedException(Failure.REQUEST_MISDIRECTED, "the Host field names no host: " + e.why());
        }
        return byUpstream(asked, authority);
    }

    /**
     * A relay listens where it likes, and its client names that port; nobody else's name is a loopback one, or has no dot. Where
     * it is that of an upstream, that is meant.
     */
    private boolean isOwnName(String authority) {
        Matcher relayed = OF_A_RELAY.matcher(authority);
        return ownNames.contains(authority)
                || (relayed.matches()
                        && byAuthority.keySet().stream()
                                .noneMatch(upstream -> upstream.toString().equals(authority)));
    }

    private Found byUpstream(Asked asked, Authority authority) throws RefusedException {
        List<Route> routes = byAuthority.get(authority);
        if (routes == null && !asked.tls() && authority.port() == Authority.HTTP_PORT) {
            // The plain leg ends here; what leaves is TLS.
            routes = byAuthority.get(new Authority(authority.host(), Authority.HTTPS_PORT));
        }
        if (routes == null) {
            throw new RefusedException(Failure.REQUEST_MISDIRECTED, "no route leads to " + authority);
        }
        for (Route route : routes) {
            if (asked.tls() && !route.upstream().tls()) {
                throw new RefusedException(
                        Failure.REQUEST_MISDIRECTED,
                        "the route to " + authority + " is plain HTTP: who asks for https would be deceived");
            }
            if (isBelow(asked.target(), route.upstream().basePath())) {
                return new Found(route, asked.target(), true);
            }
        }
        throw new RefusedException(Failure.NO_SUCH_PATH, "no route to " + authority + " has this path");
    }

    /** By whole segments, and as written: another spelling of the same path is below nothing. */
    private static boolean isBelow(String target, String basePath) {
        if (!target.startsWith(basePath)) {
            return false;
        }
        int end = basePath.length();
        return target.length() == end || target.charAt(end) == '/' || target.charAt(end) == '?';
    }

    /**
     * Where a CONNECT leads.
     *
     * @param token that it carries; may be empty
     */
    Way connect(Authority to, byte[] token) throws RefusedException {
        boolean plainToTls = to.port() == Authority.HTTP_PORT
                && byAuthority.containsKey(new Authority(to.host(), Authority.HTTPS_PORT));
        if (byAuthority.containsKey(to) || plainToTls) {
            return new Way.Inside(new Approach.Connected(to, token), to.host());
        }
        return past(to);
    }

    /**
     * Where TLS leads.
     *
     * @param serverName as SNI has it, or null where there is none
     */
    Way secure(Approach approach, @Nullable String serverName) throws RefusedException {
        if (approach instanceof Approach.Connected connected) {
            Authority to = connected.authority();
            Approach inside = serverName == null || serverName.equals(to.host())
                    ? new Approach.Intercepted(to.host(), OptionalInt.of(to.port()), connected.token())
                    : new Approach.Misdirected("TLS asks for another host than the CONNECT");
            return new Way.Inside(inside, to.host());
        }
        if (serverName == null) {
            throw new RefusedException(
                    Failure.REQUEST_MISDIRECTED,
                    "TLS without a server name (SNI), so that nobody knows whom it is for");
        }
        if (serverName.indexOf(':') >= 0) {
            // RFC 6066 knows no port there, and that of a route would lead past the route.
            throw new RefusedException(Failure.REQUEST_MALFORMED, "a server name (SNI) has no port");
        }
        Authority to = Authority.parse(serverName, Authority.HTTPS_PORT);
        for (Authority authority : byAuthority.keySet()) {
            if (authority.host().equals(to.host())) {
                return new Way.Inside(
                        new Approach.Intercepted(to.host(), OptionalInt.empty(), Asked.NO_TOKEN), to.host());
            }
        }
        return past(to);
    }

    /** @param to what no route leads to */
    private Way past(Authority to) throws RefusedException {
        if (interception instanceof Interception.On on
                && (on.tunnelAny() || on.tunnel().stream().anyMatch(pattern -> pattern.covers(to.host(), to.port())))) {
            return new Way.Past(to, on.tunnelPrivate());
        }
        throw new RefusedException(
                Failure.CALLER_REFUSED, "no route leads to " + to + ", and 'tunnel' does not list it");
    }
}
