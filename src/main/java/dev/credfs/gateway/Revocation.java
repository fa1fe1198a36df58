package dev.credfs.gateway;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.caveat.TokenId;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.VerifiedMacaroon;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/** What is no longer honoured. A revocation is never taken back by a token: only by whoever edits the list. */
public sealed interface Revocation {
    /** The line of the list. */
    String line();

    /** A caveat or a key id: whatever token has it, or is presented by it, is covered. */
    default Optional<Object> subject() {
        return Optional.empty();
    }

    /** One token. */
    record OfToken(TokenId tokenId) implements Revocation {
        @Override
        public String line() {
            return "jti " + tokenId.ulid();
        }

        @Override
        public Optional<Object> subject() {
            return Optional.of(tokenId);
        }
    }

    /** All that a container read, where its tokens say so, and all that it presents. */
    record OfContainer(ContainerCaveat container) implements Revocation {
        @Override
        public String line() {
            return "container " + container.idSha256();
        }

        @Override
        public Optional<Object> subject() {
            return Optional.of(container);
        }
    }

    /** Every master of a key id, and every token of theirs. */
    record OfKey(KeyId keyId) implements Revocation {
        @Override
        public String line() {
            return "key " + keyId;
        }

        @Override
        public Optional<Object> subject() {
            return Optional.of(keyId);
        }
    }

    /**
     * Every token whose id is not younger than this. A stolen master can still make new ones: its key is what to revoke.
     */
    record OfAllUntil(Instant instant) implements Revocation {
        @Override
        public String line() {
            return "all " + instant;
        }

        boolean covers(VerifiedMacaroon token) {
            return token.tokenId()
                    .map(id -> !id.unverifiedTime().isAfter(instant))
                    .orElse(true);
        }
    }

    /**
     * Reads a line of the list.
     *
     * @throws IllegalArgumentException if it is none
     */
    static Revocation parse(String line) {
        int blank = line.indexOf(' ');
        String value = line.substring(blank + 1);
        try {
            return switch (blank < 0 ? "" : line.substring(0, blank)) {
                case "jti" -> new OfToken(new TokenId(value));
                case "container" -> new OfContainer((ContainerCaveat) Caveat.parse("container = " + value));
                case "key" -> new OfKey(new KeyId(value));
                case "all" -> new OfAllUntil(Instant.parse(value));
                default -> throw new IllegalArgumentException("a revocation begins with jti, container, key or all");
            };
        } catch (CaveatSyntaxException e) {
            throw new IllegalArgumentException(e.problem(), e);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'all' is followed by a time such as 2026-01-02T03:04:05Z", e);
        }
    }
}
