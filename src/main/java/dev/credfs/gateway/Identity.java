package dev.credfs.gateway;

import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Policy;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** By what a route knows whether a request gets its credential. */
public sealed interface Identity {
    /** Headers that carry a token, in lower case, beside the usual ones. */
    Set<String> tokenHeaderNames();

    /** Whether the two differ in nothing that takes a new gateway. */
    boolean isRenewalOf(Identity before);

    /**
     * By the token in it.
     *
     * @param headers names of headers that may carry one beside the usual ones
     * @param anonymous lists of caveats; a request without a token that one of the lists clears is forwarded <em>without</em>
     *     the credential; empty: every request needs a token
     */
    record ByToken(List<String> headers, List<List<Caveat>> anonymous) implements Identity {
        private static final Pattern HEADER = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,63}");

        public ByToken {
            headers = List.copyOf(headers);
            anonymous = List.copyOf(anonymous);
            headers.forEach(ByToken::requireHeader);
            for (List<Caveat> caveats : anonymous) {
                if (caveats.isEmpty()) {
                    throw new IllegalArgumentException("an anonymous list names its methods and paths");
                }
            }
        }

        /** By a token in the usual places, always. */
        public static ByToken usual() {
            return new ByToken(List.of(), List.of());
        }

        /**
         * Refuses the name of a header that no client can send, or that says how a message is framed.
         *
         * @throws IllegalArgumentException if it is one
         */
        public static void requireHeader(String name) {
            if (!HEADER.matcher(name).matches() || HeaderRules.isFraming(name)) {
                throw new IllegalArgumentException("not a header that can carry a token: " + name);
            }
        }

        @Override
        public Set<String> tokenHeaderNames() {
            Set<String> names = new HashSet<>();
            for (String header : headers) {
                names.add(header.toLowerCase(Locale.ROOT));
            }
            return names;
        }

        @Override
        public boolean isRenewalOf(Identity before) {
            return equals(before);
        }
    }

    /**
     * By the process at the other end of the unix socket. A client that sends a token as well has it dropped.
     *
     * @param policy which processes
     * @param caveats that limit the requests of all of them
     */
    record ByPeer(Policy policy, List<Caveat> caveats) implements Identity {
        public ByPeer {
            caveats = List.copyOf(caveats);
        }

        @Override
        public Set<String> tokenHeaderNames() {
            return Set.of();
        }

        @Override
        public boolean isRenewalOf(Identity before) {
            return before instanceof ByPeer;
        }
    }
}
