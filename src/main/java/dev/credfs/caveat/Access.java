package dev.credfs.caveat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/**
 * The facts of one attempt to use a token. Immutable; a fact that is not known is empty, and a caveat that asks for it
 * prohibits.
 *
 * <p>An attempt is one request, but for git: its {@code GET <repository>/info/refs?service=S} is cleared as itself and as the
 * {@code POST <repository>/S} that it announces, since the query alone says whether somebody is about to read or to push.
 */
public final class Access {
    private static final String HTTPS = "https://";
    private static final String HTTP = "http://";
    private static final int HTTP_PORT = 80;

    private final InstantSource clock;
    private final String audience;
    private final Request request;
    private final String presenterContainer;
    private final byte[] presenterAddress;
    private final int callNumber;

    /**
     * What is asked.
     *
     * @param scheme for the text alone: no caveat asks for it, and one with a {@code host} asks for the port
     */
    private record Request(
            String method, String scheme, String host, int port, RequestPath path, Optional<Announced> announced) {}

    /** The request that the attempted one says will follow. */
    record Announced(String method, RequestPath path) {
        String why() {
            return "it announces " + method + " " + path;
        }
    }

    private Access(
            InstantSource clock,
            String audience,
            Request request,
            String presenterContainer,
            byte[] presenterAddress,
            int callNumber) {
        this.clock = clock;
        this.audience = audience;
        this.request = request;
        this.presenterContainer = presenterContainer;
        this.presenterAddress = presenterAddress;
        this.callNumber = callNumber;
    }

    /**
     * An attempt by a presenter of whom nothing is known.
     *
     * @param audience the verifier's own name
     * @param host of the upstream really connected to; the case of ASCII letters and one final dot do not matter
     * @throws CaveatSyntaxException if method or host are not of the caveat language
     */
    public static Access to(
            InstantSource clock, Audience audience, String method, String host, int port, RequestPath path)
            throws CaveatSyntaxException {
        String lower = Scan.toLower(host);
        String name = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
        HostPattern checked = HostPattern.parse(name);
        if (checked.subdomains() || checked.port() != HostPattern.HTTPS_PORT) {
            throw new CaveatSyntaxException(host, 0, "expected the name of one host");
        }
        return new Access(
                clock,
                audience.name(),
                new Request(MethodCaveat.parseMethod(method), HTTPS, name, port, path, Optional.empty()),
                "",
                new byte[0],
                0);
    }

    /**
     * Reads {@code GET https://host[:port]/path[?query]}, or the same with {@code http}, as a person writes it. The query is
     * dropped unless it is one of git's {@code info/refs}.
     *
     * @throws CaveatSyntaxException with the column in {@code text}
     */
    public static Access parse(String text, InstantSource clock, Audience audience) throws CaveatSyntaxException {
        int space = text.indexOf(' ');
        boolean plain = space > 0 && text.startsWith(HTTP, space + 1);
        String scheme = plain ? HTTP : HTTPS;
        if (space < 0 || !text.startsWith(scheme, space + 1)) {
            throw new CaveatSyntaxException(
                    text, Math.max(0, space + 1), "expected a method and a URL: 'GET https://host/path'");
        }
        int hostStart = space + 1 + scheme.length();
        int pathStart = text.indexOf('/', hostStart);
        int hostEnd = pathStart < 0 ? text.length() : pathStart;
        int query = text.indexOf('?', hostEnd);
        String rawPath = pathStart < 0 ? "/" : text.substring(pathStart, query < 0 ? text.length() : query);
        int part = 0;
        for (int i = query; i >= 0 && i < text.length(); i++) {
            if (text.charAt(i) <= ' ' || text.charAt(i) > '~' || text.charAt(i) == '#') {
                throw new CaveatSyntaxException(text, i, "not a character of a query");
            }
        }
        try {
            String method = MethodCaveat.parseMethod(text.substring(0, space));
            part = hostStart;
            String authority = text.substring(hostStart, hostEnd);
            HostPattern host = HostPattern.parse(authority);
            if (host.subdomains()) {
                throw new CaveatSyntaxException(authority, 0, "expected the name of one host");
            }
            part = hostEnd;
            boolean noPort = host.port() == HostPattern.HTTPS_PORT;
            Access access = to(
                    clock,
                    audience,
                    method,
                    host.name(),
                    plain && noPort ? HTTP_PORT : host.port(),
                    RequestPath.parse(rawPath));
            if (query >= 0) {
                part = query + 1;
                access = access.withQuery(text.substring(part));
            }
            return plain ? access.withoutTls() : access;
        } catch (CaveatSyntaxException e) {
            throw e.within(text, part);
        }
    }

    private Access asking(Request other) {
        return new Access(clock, audience, other, presenterContainer, presenterAddress, callNumber);
    }

    /** The same attempt, over a connection that is not TLS. */
    public Access withoutTls() {
        return asking(new Request(request.method, HTTP, request.host, request.port, request.path, request.announced));
    }

    /**
     * The same attempt, with this query. It counts for {@code info/refs} of git alone.
     *
     * @param query without its question mark; may be empty
     * @throws CaveatSyntaxException if {@code info/refs} has one that is not {@code service=git-…}: servers differ in which of
     *     two services they take, and how they decode one
     */
    public Access withQuery(String query) throws CaveatSyntaxException {
        return asking(new Request(
                request.method,
                request.scheme,
                request.host,
                request.port,
                request.path,
                GitService.announced(request.path, query)));
    }

    /** The same attempt, made by a process of this container. */
    public Access fromContainer(ContainerCaveat container) {
        return new Access(clock, audience, request, container.idSha256(), presenterAddress, callNumber);
    }

    /**
     * The same attempt, made from this address.
     *
     * @param dottedIpv4 four numbers with dots between
     * @throws CaveatSyntaxException if {@code dottedIpv4} is not one
     */
    public Access fromAddress(String dottedIpv4) throws CaveatSyntaxException {
        int bits = Cidr.address(dottedIpv4);
        byte[] address = {(byte) (bits >>> 24), (byte) (bits >>> 16), (byte) (bits >>> 8), (byte) bits};
        return new Access(clock, audience, request, presenterContainer, address, callNumber);
    }

    /**
     * The same attempt, as this call with its token.
     *
     * @param number from 1: how often the token was spent before, plus one
     */
    public Access asCall(int number) {
        if (number < 1) {
            throw new IllegalArgumentException("calls are numbered from 1: " + number);
        }
        return new Access(clock, audience, request, presenterContainer, presenterAddress, number);
    }

    Instant now() {
        return clock.instant();
    }

    String audience() {
        return audience;
    }

    String method() {
        return request.method;
    }

    String host() {
        return request.host;
    }

    int port() {
        return request.port;
    }

    RequestPath path() {
        return request.path;
    }

    Optional<Announced> announced() {
        return request.announced;
    }

    /** {@code host} or {@code host:port}, as a caveat writes it. */
    String authority() {
        return request.port == HostPattern.HTTPS_PORT ? request.host : request.host + ":" + request.port;
    }

    /** {@link ContainerCaveat#idSha256()} of the presenter, or empty when it is not seen. */
    String presenterContainer() {
        return presenterContainer;
    }

    /** The presenter's address in network order, or empty when it is not seen. */
    byte[] presenterAddress() {
        return presenterAddress.clone();
    }

    /** From 1; 0 when nobody counts. */
    int callNumber() {
        return callNumber;
    }

    /** {@code GET https://host/path}, with the service of git where it asks for one and no other query. */
    @Override
    public String toString() {
        boolean usual = request.port == (request.scheme.equals(HTTPS) ? HostPattern.HTTPS_PORT : HTTP_PORT);
        String authority = usual ? request.host : request.host + ":" + request.port;
        return request.method + " " + request.scheme + authority + request.path
                + request.announced.map(next -> GitService.query(next.path())).orElse("");
    }
}
