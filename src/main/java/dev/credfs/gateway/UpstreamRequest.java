package dev.credfs.gateway;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;

/** The request as the upstream gets it. It holds a credential, and so prints nothing. */
final class UpstreamRequest {
    private final String method;
    private final boolean tls;
    private final HttpHeaders headers = new DefaultHttpHeaders();
    private String uri;

    /**
     * A request without a credential.
     *
     * @param target path and query, as they were cleared
     */
    static UpstreamRequest of(RequestHead client, Route route, RouteTarget target) {
        UpstreamRequest request = new UpstreamRequest(
                client.method(), target.uri(), route.upstream().tls());
        HttpHeaders headers = request.headers;
        headers.set(HttpHeaderNames.HOST, route.upstream().authority());
        HeaderRules.copyToUpstream(client.fields(), headers, route.headersWithSecrets());
        headers.set(HttpHeaderNames.ACCEPT_ENCODING, HeaderRules.acceptedCodings(client.fields()));
        if (client.chunked()) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        } else if (client.contentLengthBytes() >= 0) {
            headers.set(HttpHeaderNames.CONTENT_LENGTH, client.contentLengthBytes());
        }
        if (client.expectsContinue()) {
            headers.set(HttpHeaderNames.EXPECT, HttpHeaderValues.CONTINUE);
        }
        if (HeaderRules.takesTrailers(client.fields())) {
            headers.set(HttpHeaderNames.TE, HttpHeaderValues.TRAILERS);
        }
        if (client.chunked()) {
            headers.set(HttpHeaderNames.TRAILER, client.fields().getAll(HttpHeaderNames.TRAILER));
        }
        return request;
    }

    private UpstreamRequest(String method, String uri, boolean tls) {
        this.method = method;
        this.uri = uri;
        this.tls = tls;
    }

    String method() {
        return method;
    }

    String path() {
        int question = uri.indexOf('?');
        return question < 0 ? uri : uri.substring(0, question);
    }

    /** Without its question mark; empty where there is none. */
    String query() {
        int question = uri.indexOf('?');
        return question < 0 ? "" : uri.substring(question + 1);
    }

    /** Whether its connection is TLS. */
    boolean tls() {
        return tls;
    }

    /** As they will be sent; may be changed until then. */
    HttpHeaders headers() {
        return headers;
    }

    void open(WebSocketHandshake handshake) {
        handshake.ask(headers);
    }

    void setHeader(String name, byte[] value) {
        headers.set(name, new AsciiString(value, false));
    }

    void addQueryParameter(String name, byte[] encodedValue) {
        uri = uri + (uri.indexOf('?') < 0 ? '?' : '&') + name + "="
                + new String(encodedValue, StandardCharsets.US_ASCII);
    }

    /** As HTTP/1.1 has it. */
    HttpRequest message() {
        if (headers.contains(HttpHeaderNames.TE)) {
            headers.add(HttpHeaderNames.CONNECTION, HttpHeaderNames.TE);
        }
        return new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), uri, headers);
    }

    @Override
    public String toString() {
        return "UpstreamRequest[" + method + "]";
    }
}
