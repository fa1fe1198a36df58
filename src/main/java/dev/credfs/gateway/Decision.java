package dev.credfs.gateway;

import dev.credfs.macaroon.KeyId;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/** What the gate says of one request. */
sealed interface Decision {
    /**
     * It may be forwarded.
     *
     * @param asked method and URL, without the query unless it is the service that git asks for
     * @param spender the token it is made with; empty for a request that needs none, which gets no credential either
     * @param webSocket what is to be opened; empty for a request that is answered and over
     * @param inspite what a dry run lets through although it stands in the way
     */
    record Admitted(
            Route route,
            RouteTarget target,
            String asked,
            Optional<Spender> spender,
            Optional<WebSocketHandshake> webSocket,
            Optional<Problem> inspite)
            implements Decision {}

    /** It may not. */
    record Denied(Problem problem) implements Decision {}

    /**
     * A token that was verified and cleared.
     *
     * @param maxCalls the smallest of its {@code max-calls}
     * @param expiry the earliest of its expiries
     */
    record Spender(String tokenId, KeyId keyId, OptionalInt maxCalls, Instant expiry) {}
}
