package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import java.util.Set;

/** What makes the requests of a route ones that its upstream honours, as the configuration says it. */
public sealed interface Credential {
    /** Names, in lower case, of the headers that carry it. */
    Set<String> headerNames();

    /** The parameter of the query that carries it; empty where none does. */
    String queryParameter();

    /** Whether the two differ in nothing but the secret. */
    boolean isOtherSecretOf(Credential other);

    /**
     * A text that stays the same until somebody changes it.
     *
     * @param placement where it stands in a request
     * @param secret 8 to 4,096 bytes of visible ASCII: a shorter one could not be told from other text in an answer
     */
    record Fixed(Placement placement, SecretBytes secret) implements Credential {
        public Fixed {
            Route.requireCredential(secret);
        }

        @Override
        public Set<String> headerNames() {
            return placement.headerNames();
        }

        @Override
        public String queryParameter() {
            return placement.queryParameter();
        }

        @Override
        public boolean isOtherSecretOf(Credential other) {
            return other instanceof Fixed that && placement.equals(that.placement);
        }
    }
}
