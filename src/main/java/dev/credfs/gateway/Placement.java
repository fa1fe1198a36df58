package dev.credfs.gateway;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Where in a request a credential stands. */
public sealed interface Placement {
    /** Puts {@code credential} into {@code request}, which holds none. */
    void place(byte[] credential, UpstreamRequest request);

    /** The header that carries the credential, in lower case; none where it is no header. */
    Set<String> headerNames();

    /** The parameter of the query that carries it; empty where none does. */
    default String queryParameter() {
        return "";
    }

    /** {@code Authorization: Bearer …} (RFC 6750). */
    record Bearer() implements Placement {
        @Override
        public void place(byte[] credential, UpstreamRequest request) {
            request.setHeader("authorization", joined("Bearer ", credential));
        }

        @Override
        public Set<String> headerNames() {
            return Set.of("authorization");
        }
    }

    /**
     * A header of its own, such as {@code X-Api-Key}.
     *
     * @param name of the header
     * @param prefix before the credential, such as {@code "token "}; may be empty
     */
    record Header(String name, String prefix) implements Placement {
        private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,63}");
        private static final Pattern PREFIX = Pattern.compile("([!-~]+ )?");

        public Header {
            if (!NAME.matcher(name).matches() || HeaderRules.isFraming(name)) {
                throw new IllegalArgumentException("not a header that can carry a credential: " + name);
            }
            if (!PREFIX.matcher(prefix).matches()) {
                throw new IllegalArgumentException("a prefix is one word and a blank");
            }
        }

        @Override
        public void place(byte[] credential, UpstreamRequest request) {
            request.setHeader(name.toLowerCase(Locale.ROOT), joined(prefix, credential));
        }

        @Override
        public Set<String> headerNames() {
            return Set.of(name.toLowerCase(Locale.ROOT));
        }
    }

    /**
     * {@code Authorization: Basic …} (RFC 7617) with the credential as the password.
     *
     * @param login printable ASCII without a colon
     */
    record Basic(String login) implements Placement {
        private static final Pattern LOGIN = Pattern.compile("[ -~&&[^:]]{0,256}");

        public Basic {
            if (!LOGIN.matcher(login).matches()) {
                throw new IllegalArgumentException("a login is printable ASCII without ':'");
            }
        }

        @Override
        public void place(byte[] credential, UpstreamRequest request) {
            byte[] pair = joined(login + ":", credential);
            request.setHeader(
                    "authorization", joined("Basic ", Base64.getEncoder().encode(pair)));
        }

        @Override
        public Set<String> headerNames() {
            return Set.of("authorization");
        }
    }

    /**
     * A parameter of the query, for the services that know no better.
     *
     * @param name letters, digits, {@code _ . -}
     */
    record Query(String name) implements Placement {
        private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

        public Query {
            if (!NAME.matcher(name).matches()) {
                throw new IllegalArgumentException("not the name of a query parameter: " + name);
            }
        }

        @Override
        public void place(byte[] credential, UpstreamRequest request) {
            request.addQueryParameter(name, PercentEncoding.upperCase(credential));
        }

        @Override
        public Set<String> headerNames() {
            return Set.of();
        }

        @Override
        public String queryParameter() {
            return name;
        }
    }

    private static byte[] joined(String head, byte[] tail) {
        byte[] start = head.getBytes(StandardCharsets.US_ASCII);
        byte[] both = new byte[start.length + tail.length];
        System.arraycopy(start, 0, both, 0, start.length);
        System.arraycopy(tail, 0, both, start.length, tail.length);
        return both;
    }
}
