package dev.credfs.gateway;

import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.SecretBytes;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One upstream, the credential for it, and how a client reaches it: {@code http://gateway/<name>/…}.
 *
 * @param name 1 to 64 characters of {@code [A-Za-z0-9._-]}
 * @param upstream where its requests go
 * @param credential what makes the upstream honour them
 * @param tokenHeaders names of headers that may carry a token beside the usual ones
 * @param anonymous lists of caveats; a request without a token that one of the lists clears is forwarded <em>without</em>
 *     the credential; empty: every request needs a token
 * @param webSocket whether a request that was cleared may open a WebSocket, through which anything can be said
 */
public record Route(
        String name,
        Upstream upstream,
        Credential credential,
        List<String> tokenHeaders,
        List<List<Caveat>> anonymous,
        boolean webSocket) {
    private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}");
    private static final Pattern TOKEN_HEADER = Pattern.compile("[A-Za-z][A-Za-z0-9-]{0,63}");
    private static final int MIN_CREDENTIAL_BYTES = 8;
    private static final int MAX_CREDENTIAL_BYTES = 4096;

    public Route {
        tokenHeaders = List.copyOf(tokenHeaders);
        anonymous = List.copyOf(anonymous);
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not the name of a route: " + name);
        }
        for (List<Caveat> caveats : anonymous) {
            if (caveats.isEmpty()) {
                throw new IllegalArgumentException("an anonymous list names its methods and paths");
            }
        }
        tokenHeaders.forEach(Route::requireTokenHeader);
    }

    /**
     * Refuses the name of a header that no client can send, or that says how a message is framed.
     *
     * @throws IllegalArgumentException if it is one
     */
    public static void requireTokenHeader(String name) {
        if (!TOKEN_HEADER.matcher(name).matches() || HeaderRules.isFraming(name)) {
            throw new IllegalArgumentException("not a header that can carry a token: " + name);
        }
    }

    /**
     * Refuses what cannot be sent as a credential: a CR or LF in it would end the header and begin another.
     *
     * @throws IllegalArgumentException if it is that; the message quotes nothing of it
     */
    public static void requireCredential(SecretBytes credential) {
        byte[] bytes = credential.revealCopy();
        try {
            if (bytes.length < MIN_CREDENTIAL_BYTES || bytes.length > MAX_CREDENTIAL_BYTES) {
                throw new IllegalArgumentException(
                        "a credential has " + MIN_CREDENTIAL_BYTES + " to " + MAX_CREDENTIAL_BYTES + " bytes");
            }
            for (byte b : bytes) {
                if (b <= ' ' || b > '~') {
                    throw new IllegalArgumentException(
                            "a credential is visible ASCII: no blank, no line end, no control character");
                }
            }
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Whether the two differ in nothing but what is put in. */
    boolean isOtherCredentialOf(Route other) {
        return name.equals(other.name)
                && upstream.equals(other.upstream)
                && credential.isOtherSecretOf(other.credential)
                && tokenHeaders.equals(other.tokenHeaders)
                && anonymous.equals(other.anonymous)
                && webSocket == other.webSocket;
    }

    /** Headers that carry a token or a credential on this route, in lower case. */
    Set<String> headersWithSecrets() {
        Set<String> names = new HashSet<>();
        for (String header : tokenHeaders) {
            names.add(header.toLowerCase(Locale.ROOT));
        }
        names.addAll(credential.headerNames());
        return names;
    }
}
