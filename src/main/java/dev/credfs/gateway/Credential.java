package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What makes the requests of a route ones that its upstream honours, as the configuration says it. */
public sealed interface Credential {
    /** Names, in lower case, of the headers that carry it. */
    Set<String> headerNames();

    /** The parameter of the query that carries it; empty where none does. */
    String queryParameter();

    /** Whether the two differ in nothing but the secret. */
    boolean isOtherSecretOf(Credential other);

    /** A text that stands somewhere in a request. */
    sealed interface Placed extends Credential {
        /** Where it stands. */
        Placement placement();

        @Override
        default Set<String> headerNames() {
            return placement().headerNames();
        }

        @Override
        default String queryParameter() {
            return placement().queryParameter();
        }
    }

    /** None: the gateway itself answers, with keys of AWS that open nothing and the client's own token as that of a session. */
    record Placeholder() implements Credential {
        @Override
        public Set<String> headerNames() {
            return Set.of();
        }

        @Override
        public String queryParameter() {
            return "";
        }

        @Override
        public boolean isOtherSecretOf(Credential other) {
            return equals(other);
        }
    }

    /**
     * A text that stays the same until somebody changes it.
     *
     * @param placement where it stands in a request
     * @param secret 8 to 4,096 bytes of visible ASCII: a shorter one could not be told from other text in an answer
     */
    record Fixed(Placement placement, SecretBytes secret) implements Placed {
        public Fixed {
            Route.requireCredential(secret);
        }

        @Override
        public boolean isOtherSecretOf(Credential other) {
            return other instanceof Fixed that && placement.equals(that.placement);
        }
    }

    /**
     * A key of AWS, with which requests that the client signed with another are signed again.
     *
     * @param keyId access key id, which is no secret
     * @param secretKey secret access key
     * @param sessionToken of a key that is good for a time; empty for one that stays
     * @param region that is signed for; empty for what the client says
     * @param service that is signed for; empty for what the client says
     */
    record Aws(String keyId, SecretBytes secretKey, Optional<SecretBytes> sessionToken, String region, String service)
            implements Credential {
        private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9._-]{3,128}");
        private static final Pattern SCOPE = Pattern.compile("[a-z0-9._-]{0,64}");

        public Aws {
            if (!KEY_ID.matcher(keyId).matches()) {
                throw new IllegalArgumentException("an access key id is 3 to 128 letters and digits");
            }
            Route.requireCredential(secretKey);
            sessionToken.ifPresent(Route::requireCredential);
            if (!SCOPE.matcher(region).matches() || !SCOPE.matcher(service).matches()) {
                throw new IllegalArgumentException("a region and a service are lower-case letters, digits and '-'");
            }
        }

        /**
         * Reads {@code ID:SECRET} or {@code ID:SECRET:SESSION-TOKEN}.
         *
         * @throws IllegalArgumentException if it is neither; the message quotes nothing of it
         */
        public static Aws parse(SecretBytes line, String region, String service) {
            byte[] bytes = line.revealCopy();
            try {
                int first = indexOfColon(bytes, 0);
                int second = indexOfColon(bytes, first + 1);
                if (first == bytes.length) {
                    throw new IllegalArgumentException(
                            "a key of AWS is one line: its id, ':' and its secret; for a temporary one ':' and its session token");
                }
                return new Aws(
                        new String(bytes, 0, first, StandardCharsets.ISO_8859_1),
                        part(bytes, first + 1, second),
                        second == bytes.length ? Optional.empty() : Optional.of(part(bytes, second + 1, bytes.length)),
                        region,
                        service);
            } finally {
                Arrays.fill(bytes, (byte) 0);
            }
        }

        private static int indexOfColon(byte[] bytes, int from) {
            int at = from;
            while (at < bytes.length && bytes[at] != ':') {
                at++;
            }
            return at;
        }

        private static SecretBytes part(byte[] bytes, int from, int to) {
            byte[] part = Arrays.copyOfRange(bytes, from, to);
            try {
                return SecretBytes.copyOf(part);
            } finally {
                Arrays.fill(part, (byte) 0);
            }
        }

        @Override
        public Set<String> headerNames() {
            return Set.of("authorization", "x-amz-security-token");
        }

        @Override
        public String queryParameter() {
            return "";
        }

        @Override
        public boolean isOtherSecretOf(Credential other) {
            return other instanceof Aws that && region.equals(that.region) && service.equals(that.service);
        }
    }

    /**
     * An access token that a token server hands out (RFC 6749).
     *
     * @param placement where the access token stands in a request
     * @param tokenServer the whole URL that tokens are asked for at; with TLS, unless it is in a private network
     * @param secret of the client, or the refresh token
     * @param clientSecret beside a refresh token, where the client has one
     * @param scope that is asked for; may be empty
     * @param audience that is asked for, where a server wants one; may be empty
     * @param secretInBody whether the client's secret stands in the form, where a server does not take it in a header
     */
    record OAuth2(
            Placement placement,
            Upstream tokenServer,
            String clientId,
            Grant grant,
            SecretBytes secret,
            Optional<SecretBytes> clientSecret,
            String scope,
            String audience,
            boolean secretInBody)
            implements Placed {
        /** What a token is asked for by. */
        public enum Grant {
            /** The client's own secret. */
            CLIENT_CREDENTIALS,
            /** A refresh token, which somebody gave it. */
            REFRESH_TOKEN
        }

        public OAuth2 {
            Route.requireCredential(secret);
            clientSecret.ifPresent(Route::requireCredential);
            requireTokenServer(tokenServer);
            if (clientSecret.isPresent() && grant == Grant.CLIENT_CREDENTIALS) {
                throw new IllegalArgumentException("the secret of the client is the value itself");
            }
        }

        @Override
        public boolean isOtherSecretOf(Credential other) {
            return other instanceof OAuth2 that
                    && placement.equals(that.placement)
                    && tokenServer.equals(that.tokenServer)
                    && clientId.equals(that.clientId)
                    && grant == that.grant
                    && clientSecret.isPresent() == that.clientSecret.isPresent()
                    && scope.equals(that.scope)
                    && audience.equals(that.audience)
                    && secretInBody == that.secretInBody;
        }
    }

    /**
     * An installation token of a GitHub App.
     *
     * @param placement where the installation token stands in a request
     * @param api where the app's key is shown
     * @param appId of the app, or its client id
     * @param installationId of the app in one account
     * @param key the app's private key, in PEM
     */
    record GithubApp(Placement placement, Upstream api, String appId, String installationId, SecretBytes key)
            implements Placed {
        private static final Pattern APP = Pattern.compile("[A-Za-z0-9._-]{1,64}");
        private static final Pattern INSTALLATION = Pattern.compile("[0-9]{1,20}");

        public GithubApp {
            requireTokenServer(api);
            if (!APP.matcher(appId).matches()
                    || !INSTALLATION.matcher(installationId).matches()) {
                throw new IllegalArgumentException("an installation is a number, an app a number or its client id");
            }
        }

        /**
         * Refuses what is no private key of an app.
         *
         * @throws IllegalArgumentException if it is none; the message quotes nothing of it
         */
        public static void requireKey(SecretBytes pem) {
            RsaKey.parse(pem);
        }

        @Override
        public boolean isOtherSecretOf(Credential other) {
            return other instanceof GithubApp that
                    && placement.equals(that.placement)
                    && api.equals(that.api)
                    && appId.equals(that.appId)
                    && installationId.equals(that.installationId);
        }
    }

    private static void requireTokenServer(Upstream server) {
        if (!server.tls() && !server.privateNetwork()) {
            throw new IllegalArgumentException("a server that hands out tokens is asked by https://");
        }
    }
}
