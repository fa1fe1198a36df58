package dev.credfs.gateway;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.Expiry;
import dev.credfs.caveat.HostCaveat;
import dev.credfs.caveat.LegacyExpiry;
import dev.credfs.caveat.MaxCalls;
import dev.credfs.caveat.MethodCaveat;
import dev.credfs.caveat.PathCaveat;
import dev.credfs.caveat.Prohibition;
import dev.credfs.caveat.TokenId;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import dev.credfs.macaroon.VerifiedMacaroon;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Verdict;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Decides on one request: its route, its token, what the token allows. Forwards nothing, records nothing, counts nothing. */
final class Gate {
    private volatile RouteTable routes;
    private volatile Map<KeyId, RootKey> keys;
    private final Audience audience;
    private final RevocationList revocations;
    private final InstantSource clock;
    private final boolean dryRun;

    Gate(
            RouteTable routes,
            Map<KeyId, RootKey> keys,
            Audience audience,
            RevocationList revocations,
            InstantSource clock,
            boolean dryRun) {
        this.routes = routes;
        this.keys = keys;
        this.audience = audience;
        this.revocations = revocations;
        this.clock = clock;
        this.dryRun = dryRun;
    }

    /** From the next request on. */
    void renew(RouteTable otherRoutes, Map<KeyId, RootKey> otherKeys) {
        keys = otherKeys;
        routes = otherRoutes;
    }

    Decision decide(RequestHead request, Peer peer, Approach approach, LastToken lastToken) {
        String routeName = "";
        try {
            Asked asked = approach.asked(request);
            RouteTable.Found found = routes.find(asked);
            routeName = found.route().name();
            RouteTarget target = found.parsed();
            check(request, found.route(), target);
            return decide(request, peer, asked, lastToken, found.route(), target);
        } catch (RefusedException e) {
            return new Decision.Denied(new Problem(e.failure(), e.why(), routeName, "", "", List.of(), false));
        }
    }

    /**
     * Where a CONNECT leads.
     *
     * @throws RefusedException if it leads nowhere
     */
    Way connect(RequestHead request) throws RefusedException {
        Authority to = Authority.parse(request.target(), 0);
        for (String host : request.fields().getAll(HttpHeaderNames.HOST)) {
            // Some clients write the port and some do not.
            if (!Authority.parse(host, to.port()).equals(to)) {
                throw new RefusedException(
                        Failure.REQUEST_MISDIRECTED, "the Host field names another host than the CONNECT");
            }
        }
        return routes.connect(to, TokenSource.ofProxy(request.fields()));
    }

    /**
     * Where TLS leads.
     *
     * @param serverName as SNI has it, or null where there is none
     * @throws RefusedException if it leads nowhere
     */
    Way secure(Approach approach, @Nullable String serverName) throws RefusedException {
        return routes.secure(approach, serverName);
    }

    private Decision decide(
            RequestHead request, Peer peer, Asked asked, LastToken lastToken, Route route, RouteTarget target)
            throws RefusedException {
        Access access;
        Upstream upstream = route.upstream();
        try {
            Access made = Access.to(clock, audience, request.method(), upstream.host(), upstream.port(), target.path())
                    .withQuery(target.query());
            access = peer.presenting(upstream.tls() ? made : made.withoutTls());
        } catch (CaveatSyntaxException e) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, e.problem());
        }
        if (upstream.protocol() == Protocol.GIT) {
            GitRequest.require(request, target);
        }
        Optional<WebSocketHandshake> webSocket = webSocket(request, route);
        if (route.identity() instanceof Identity.ByPeer byPeer) {
            return byPeer(peer, route, target, access, webSocket, byPeer);
        }
        Identity.ByToken byToken = (Identity.ByToken) route.identity();
        byte[] ofConnection = asked.token();
        byte[] text = ofConnection.length > 0
                ? ofConnection
                : TokenSource.find(request.fields(), byToken.headers(), route.credential());
        if (text.length == 0 && webSocket.isPresent()) {
            throw new RefusedException(Failure.TOKEN_REJECTED, "a WebSocket needs a token");
        }
        if (text.length == 0) {
            return withoutToken(route, target, access, byToken.anonymous());
        }
        VerifiedMacaroon token = lastToken.verify(text, keys);
        String tokenId = token.tokenId().map(TokenId::ulid).orElse("");
        Optional<Revocation> revoked = revocations.covering(token, peer.container());
        if (revoked.isPresent()) {
            return new Decision.Denied(new Problem(
                    Failure.TOKEN_REJECTED,
                    "revoked by '" + revoked.get().line() + "'",
                    route.name(),
                    access.toString(),
                    tokenId,
                    List.of(),
                    true));
        }
        OptionalInt maxCalls = maxCalls(token.caveats());
        // Whether calls are left is asked last, by whoever counts them; here it is the first.
        boolean itself = route.credential() instanceof Credential.Placeholder;
        List<Prohibition> prohibitions =
                itself ? ofTheTokenAlone(token, access.asCall(1)) : token.clear(access.asCall(1));
        Decision.Spender spender = new Decision.Spender(
                tokenId, token.id(), itself ? OptionalInt.empty() : maxCalls, expiry(token.caveats()), token.caveats());
        if (prohibitions.isEmpty()) {
            return new Decision.Admitted(route, target, access.toString(), spender, webSocket, Optional.empty());
        }
        boolean expired = expired(token.caveats(), access);
        Problem problem = new Problem(
                expired ? Failure.TOKEN_REJECTED : Failure.CAVEAT_NOT_CLEARED,
                expired
                        ? "the token has expired: read it again"
                        : prohibitions.get(0).toString(),
                route.name(),
                access.toString(),
                tokenId,
                prohibitions,
                true);
        return dryRun
                ? new Decision.Admitted(route, target, access.toString(), spender, webSocket, Optional.of(problem))
                : new Decision.Denied(problem);
    }

    private Decision byPeer(
            Peer peer,
            Route route,
            RouteTarget target,
            Access access,
            Optional<WebSocketHandshake> webSocket,
            Identity.ByPeer identity)
            throws RefusedException {
        Verdict verdict = identity.policy().decide(peer.caller());
        if (verdict instanceof Verdict.Refusal refusal) {
            return new Decision.Denied(new Problem(
                    refusal.failure(), refusal.why(), route.name(), access.toString(), "", List.of(), false));
        }
        Rule rule = verdict.orThrow().rule();
        List<Caveat> caveats = new ArrayList<>(identity.caveats());
        caveats.addAll(rule.narrowing().caveats());
        List<Prohibition> prohibitions = new ArrayList<>();
        for (Caveat caveat : caveats) {
            caveat.prohibits(access).ifPresent(prohibitions::add);
        }
        Decision.PeerRule claim = new Decision.PeerRule(rule.text(), List.copyOf(caveats));
        if (prohibitions.isEmpty()) {
            return new Decision.Admitted(route, target, access.toString(), claim, webSocket, Optional.empty());
        }
        Problem problem = new Problem(
                Failure.CAVEAT_NOT_CLEARED,
                prohibitions.get(0).toString(),
                route.name(),
                access.toString(),
                "",
                prohibitions,
                false);
        return dryRun
                ? new Decision.Admitted(route, target, access.toString(), claim, webSocket, Optional.of(problem))
                : new Decision.Denied(problem);
    }

    /** Here, so that what a credential cannot be used for is refused before it is spent. */
    private static void check(RequestHead request, Route route, RouteTarget target) throws RefusedException {
        if (route.credential() instanceof Credential.Aws) {
            AwsRequest.of(request, target.query(), route.upstream().tls());
        }
        if (route.credential() instanceof Credential.Placeholder
                && (!request.method().equals("GET") || request.hasBody())) {
            throw new RefusedException(Failure.READ_ONLY, "credentials for AWS are asked for by GET");
        }
    }

    /** What can be said through a WebSocket is not limited by any caveat: only the route's owner can allow that. */
    private static Optional<WebSocketHandshake> webSocket(RequestHead request, Route route) throws RefusedException {
        if (!WebSocketHandshake.isAskedForBy(request)) {
            return Optional.empty();
        }
        if (!route.webSocket()) {
            throw new RefusedException(
                    Failure.CALLER_REFUSED, "the route opens no WebSocket: 'websocket: true' would allow it");
        }
        return Optional.of(WebSocketHandshake.of(request));
    }

    private static Decision withoutToken(Route route, RouteTarget target, Access access, List<List<Caveat>> anonymous) {
        for (List<Caveat> allowed : anonymous) {
            boolean clear = true;
            for (Caveat caveat : allowed) {
                clear &= caveat.prohibits(access).isEmpty();
            }
            if (clear) {
                return new Decision.Admitted(
                        route, target, access.toString(), new Decision.Nothing(), Optional.empty(), Optional.empty());
            }
        }
        return new Decision.Denied(new Problem(
                Failure.TOKEN_REJECTED,
                "no token: send it as Authorization: Bearer",
                route.name(),
                access.toString(),
                "",
                List.of(),
                false));
    }

    /** What a token says of requests is about the upstreams that it is for; here nothing is given away but itself. */
    private static List<Prohibition> ofTheTokenAlone(VerifiedMacaroon token, Access access) {
        List<Prohibition> prohibitions = new ArrayList<>(token.missingToClear());
        for (Caveat caveat : token.caveats()) {
            boolean ofRequests = caveat instanceof HostCaveat
                    || caveat instanceof MethodCaveat
                    || caveat instanceof PathCaveat
                    || caveat instanceof MaxCalls;
            if (!ofRequests) {
                caveat.prohibits(access).ifPresent(prohibitions::add);
            }
        }
        return prohibitions;
    }

    private static boolean expired(List<Caveat> caveats, Access access) {
        for (Caveat caveat : caveats) {
            if ((caveat instanceof Expiry || caveat instanceof LegacyExpiry)
                    && caveat.prohibits(access).isPresent()) {
                return true;
            }
        }
        return false;
    }

    private static OptionalInt maxCalls(List<Caveat> caveats) {
        int fewest = Integer.MAX_VALUE;
        for (Caveat caveat : caveats) {
            if (caveat instanceof MaxCalls maxCalls) {
                fewest = Math.min(fewest, maxCalls.calls());
            }
        }
        return fewest == Integer.MAX_VALUE ? OptionalInt.empty() : OptionalInt.of(fewest);
    }

    private static Instant expiry(List<Caveat> caveats) {
        Instant earliest = Instant.MAX;
        for (Caveat caveat : caveats) {
            Instant end = Instant.MAX;
            if (caveat instanceof Expiry expiry) {
                end = expiry.end();
            } else if (caveat instanceof LegacyExpiry legacy) {
                end = legacy.end();
            }
            earliest = end.isBefore(earliest) ? end : earliest;
        }
        return earliest;
    }
}
