package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * What an SDK of AWS is answered where it asks its container for credentials: keys that open nothing, since the gateway signs
 * again, and as the token of the session the one that it came with.
 */
final class PlaceholderKeys extends StandingAuthorizer {
    /** Where nothing says when the client should ask again. */
    private static final Duration LIFETIME = Duration.ofHours(1);

    private static final CredentialSearch NOTHING = CredentialSearch.of(List.of());

    @Override
    public CredentialSearch search() {
        return NOTHING;
    }

    @Override
    public Departure depart(RequestHead client, UpstreamRequest request) throws RefusedException {
        throw new RefusedException(Failure.BUG, "a route that answers itself has no upstream");
    }

    /**
     * The answer, in JSON.
     *
     * @param token as the client sent it: a macaroon, so there is nothing in it to be escaped; empty where it came with none, since who asks is known
     * @param expiry of the token, or later
     */
    static byte[] json(byte[] token, Instant expiry, Instant now) {
        Instant end = now.plus(LIFETIME);
        String text = "{\"AccessKeyId\":\"AKIDCREDFSOPENSNOTHING\",\"SecretAccessKey\":\"credfs-signs-again\""
                + (token.length == 0 ? "" : ",\"Token\":\"" + new String(token, StandardCharsets.US_ASCII) + "\"")
                + ",\"Expiration\":\""
                + Instant.ofEpochSecond(Math.min(expiry.getEpochSecond(), end.getEpochSecond())) + "\"}\n";
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
