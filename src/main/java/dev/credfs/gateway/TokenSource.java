package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/** Where a client puts its token: the places where clients of the real services put a credential. */
final class TokenSource {
    private static final List<String> USUAL = List.of("x-api-key", "private-token");
    /** What {@code git} and friends write for "the token is the user name". */
    private static final String NO_PASSWORD = "x-oauth-basic";

    private TokenSource() {}

    /**
     * The one token of a request.
     *
     * @param alsoIn names of further headers
     * @param credential of the route: where it signs requests, the client has signed them too, and its token stands where AWS has
     *     that of a session
     * @return the text of the token; empty where there is none
     * @throws RefusedException for two of them, or an {@code Authorization} that is neither Bearer, token nor Basic
     */
    static byte[] find(HttpHeaders fields, List<String> alsoIn, Credential credential) throws RefusedException {
        List<String> found = new ArrayList<>();
        boolean signed = credential instanceof Credential.Aws;
        // SDKs send what is in the file, without a word before it.
        boolean bare = credential instanceof Credential.Placeholder;
        for (String value : fields.getAll("authorization")) {
            if (bare && value.indexOf(' ') < 0) {
                found.add(value);
            } else if (!signed || !AwsRequest.isSignature(value)) {
                found.add(fromAuthorization("Authorization", value));
            }
        }
        if (signed) {
            found.addAll(fields.getAll("x-amz-security-token"));
        }
        for (String name : USUAL) {
            found.addAll(fields.getAll(name));
        }
        for (String name : alsoIn) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (!USUAL.contains(lower) && !lower.equals("authorization")) {
                found.addAll(fields.getAll(name));
            }
        }
        if (found.size() > 1) {
            throw new RefusedException(Failure.TOKEN_MALFORMED, "the request carries two tokens");
        }
        return found.isEmpty() ? Asked.NO_TOKEN : found.get(0).getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * The token that a client of a proxy gives with its proxy's address, for whatever it then asks for.
     *
     * @return the text of the token; empty where there is none
     */
    static byte[] ofProxy(HttpHeaders fields) throws RefusedException {
        List<String> values = fields.getAll(HttpHeaderNames.PROXY_AUTHORIZATION);
        if (values.size() > 1) {
            throw new RefusedException(Failure.TOKEN_MALFORMED, "the request carries two tokens");
        }
        return values.isEmpty()
                ? Asked.NO_TOKEN
                : fromAuthorization("Proxy-Authorization", values.get(0)).getBytes(StandardCharsets.US_ASCII);
    }

    private static String fromAuthorization(String field, String value) throws RefusedException {
        int blank = value.indexOf(' ');
        String scheme = (blank < 0 ? value : value.substring(0, blank)).toLowerCase(Locale.ROOT);
        String rest = blank < 0 ? "" : value.substring(blank + 1).strip();
        switch (scheme) {
            case "bearer", "token" -> {
                return rest;
            }
            case "basic" -> {
                return fromBasic(field, rest);
            }
            default ->
                throw new RefusedException(
                        Failure.TOKEN_MALFORMED, field + " carries a token as Bearer, token or Basic");
        }
    }

    private static String fromBasic(String field, String encoded) throws RefusedException {
        String pair;
        try {
            pair = new String(Base64.getDecoder().decode(encoded), StandardCharsets.ISO_8859_1);
        } catch (IllegalArgumentException e) {
            // The JDK's message quotes a character of what may be a secret.
            throw new RefusedException(Failure.TOKEN_MALFORMED, field + ": Basic is not base64");
        }
        int colon = pair.indexOf(':');
        if (colon < 0) {
            throw new RefusedException(Failure.TOKEN_MALFORMED, field + ": Basic is a login, ':' and a password");
        }
        String password = pair.substring(colon + 1);
        return password.isEmpty() || password.equals(NO_PASSWORD) ? pair.substring(0, colon) : password;
    }
}
