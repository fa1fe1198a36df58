package dev.credfs.gateway;

import dev.credfs.caveat.Caveat;
import dev.credfs.macaroon.KeyId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What the gate says of one request. */
sealed interface Decision {
    /**
     * It may be forwarded.
     *
     * @param asked method and URL, without the query unless it is the service that git asks for
     * @param claim by which it is, and on which it depends whether it gets the credential
     * @param webSocket what is to be opened; empty for a request that is answered and over
     * @param inspite what a dry run lets through although it stands in the way
     */
    record Admitted(
            Route route,
            RouteTarget target,
            String asked,
            Claim claim,
            Optional<WebSocketHandshake> webSocket,
            Optional<Problem> inspite)
            implements Decision {}

    /** It may not. */
    record Denied(Problem problem) implements Decision {}

    /** By what a request is admitted. */
    sealed interface Claim {
        /** Whether the credential is put in. */
        boolean earnsCredential();

        /** The token's {@code jti}, or empty where there is no token. */
        String tokenId();

        /** The rule that let a peer in, as the configuration writes it; or empty. */
        String rule();

        /** What it is limited by. */
        List<Caveat> caveats();
    }

    /** None: what is asked needs none. */
    record Nothing() implements Claim {
        @Override
        public boolean earnsCredential() {
            return false;
        }

        @Override
        public String tokenId() {
            return "";
        }

        @Override
        public String rule() {
            return "";
        }

        @Override
        public List<Caveat> caveats() {
            return List.of();
        }
    }

    /** Who is at the other end. */
    record PeerRule(String rule, List<Caveat> caveats) implements Claim {
        @Override
        public boolean earnsCredential() {
            return true;
        }

        @Override
        public String tokenId() {
            return "";
        }
    }

    /**
     * A token that was verified and cleared.
     *
     * @param maxCalls the smallest of its {@code max-calls}
     * @param expiry the earliest of its expiries
     * @param caveats all of them
     */
    record Spender(String tokenId, KeyId keyId, OptionalInt maxCalls, Instant expiry, List<Caveat> caveats)
            implements Claim {
        @Override
        public boolean earnsCredential() {
            return true;
        }

        @Override
        public String rule() {
            return "";
        }
    }
}
