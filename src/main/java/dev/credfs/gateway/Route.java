package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One upstream, the credential for it, and how a client reaches it: {@code http://gateway/<name>/…}.
 *
 * @param name 1 to 64 characters of {@code [A-Za-z0-9._-]}
 * @param upstream where its requests go
 * @param credential what makes the upstream honour them
 * @param identity by what it is known who gets it
 * @param webSocket whether a request that was cleared may open a WebSocket, through which anything can be said
 * @param intercepted whether a gateway that intercepts takes requests for the upstream's own host
 */
public record Route(
        String name,
        Upstream upstream,
        Credential credential,
        Identity identity,
        boolean webSocket,
        boolean intercepted) {
    private static final Pattern NAME = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9._-]{1,64}");
    private static final int MIN_CREDENTIAL_BYTES = 8;
    private static final int MAX_CREDENTIAL_BYTES = 4096;

    public Route {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not the name of a route: " + name);
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

    /** Whether the two differ in nothing but what is put in, and for which peers. */
    boolean isRenewalOf(Route before) {
        return name.equals(before.name)
                && upstream.equals(before.upstream)
                && credential.isOtherSecretOf(before.credential)
                && identity.isRenewalOf(before.identity)
                && webSocket == before.webSocket
                && intercepted == before.intercepted;
    }

    /** Whether both would get the same intercepted requests. */
    public boolean isInTheWayOf(Route other) {
        return intercepted
                && other.intercepted
                && upstream.host().equals(other.upstream.host())
                && upstream.port() == other.upstream.port()
                && upstream.basePath().equals(other.upstream.basePath());
    }

    /** Headers that carry a token or a credential on this route, in lower case. */
    Set<String> headersWithSecrets() {
        Set<String> names = new HashSet<>(identity.tokenHeaderNames());
        names.addAll(credential.headerNames());
        return names;
    }
}
