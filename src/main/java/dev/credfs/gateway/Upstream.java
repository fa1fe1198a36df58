package dev.credfs.gateway;

import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.HostPattern;
import dev.credfs.caveat.RequestPath;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * The real service behind a route, from the configuration alone: nothing of a request chooses where a credential goes.
 *
 * @param tls whether the connection is TLS; where it is, there is no way back to plain HTTP
 * @param host lower-case DNS name or IPv4 address: resolved, connected to, sent as SNI and as {@code Host}, looked for in the
 *     certificate, and what a {@code host} caveat is about
 * @param port TCP port
 * @param basePath stands before every request's path; empty, or begins with a slash and does not end with one
 * @param privateNetwork whether it may lie on a loopback or private address
 * @param authorities who may have signed its certificate; empty for those that the Java platform trusts
 * @param protocol what it speaks
 */
public record Upstream(
        boolean tls,
        String host,
        int port,
        String basePath,
        boolean privateNetwork,
        List<X509Certificate> authorities,
        Protocol protocol) {
    private static final int HTTPS_PORT = 443;
    private static final int HTTP_PORT = 80;

    public Upstream {
        authorities = List.copyOf(authorities);
    }

    /**
     * Reads {@code https://host[:port][/base]} or {@code http://…}.
     *
     * @throws IllegalArgumentException if it is no such URL, or holds a user, a query or a fragment
     */
    public static Upstream parse(String url, boolean privateNetwork, List<X509Certificate> authorities) {
        URI uri;
        try {
            uri = new URI(url);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("not a URL: " + e.getReason(), e);
        }
        boolean tls = "https".equals(uri.getScheme());
        if (!tls && !"http".equals(uri.getScheme())) {
            throw new IllegalArgumentException("an upstream begins with https:// or http://");
        }
        if (uri.getHost() == null
                || uri.getRawUserInfo() != null
                || uri.getRawQuery() != null
                || uri.getRawFragment() != null) {
            throw new IllegalArgumentException("an upstream is a scheme, a host, a port and a path, nothing else");
        }
        String path = uri.getRawPath();
        String basePath = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        int port = uri.getPort() > 0 ? uri.getPort() : tls ? HTTPS_PORT : HTTP_PORT;
        try {
            HostPattern host = HostPattern.parse(uri.getHost());
            if (host.subdomains()) {
                throw new IllegalArgumentException("an upstream is one host");
            }
            RequestPath.parse(basePath + "/");
            return new Upstream(tls, host.name(), port, basePath, privateNetwork, authorities, Protocol.HTTP);
        } catch (CaveatSyntaxException e) {
            throw new IllegalArgumentException("upstream: " + e.problem(), e);
        }
    }

    /** The same upstream, of which it is known what it speaks. */
    public Upstream speaking(Protocol other) {
        return new Upstream(tls, host, port, basePath, privateNetwork, authorities, other);
    }

    /** {@code host} or {@code host:port}, as a {@code Host} field has it. */
    String authority() {
        return port == (tls ? HTTPS_PORT : HTTP_PORT) ? host : host + ":" + port;
    }

    @Override
    public String toString() {
        return (tls ? "https://" : "http://") + authority() + basePath;
    }
}
