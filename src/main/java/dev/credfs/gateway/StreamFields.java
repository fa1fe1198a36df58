package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpScheme;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;

/**
 * Fields as HTTP/2 has them (RFC 9113 §8.2) on their way from and to the other rules. In HTTP/1.1 a CR LF in a value would be
 * the end of a field, a blank in a path the end of a request line: what could not be said there is not taken here either.
 */
final class StreamFields {
    private static final Set<String> OF_CONNECTIONS =
            Set.of("connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings");

    private StreamFields() {}

    /** Fields as they go onto a stream: in lower case, without those of a connection. */
    static Http2Headers of(HttpHeaders fields) {
        Http2Headers out = new DefaultHttp2Headers(true, fields.size() + 1);
        Iterator<Map.Entry<CharSequence, CharSequence>> all = fields.iteratorCharSequence();
        while (all.hasNext()) {
            Map.Entry<CharSequence, CharSequence> field = all.next();
            AsciiString name = AsciiString.of(field.getKey()).toLowerCase();
            if (!OF_CONNECTIONS.contains(name.toString())) {
                out.add(name, field.getValue());
            }
        }
        return out;
    }

    /** The head of a request; HTTP/2 is spoken over TLS alone. */
    static Http2Headers of(HttpRequest request) {
        Http2Headers fields = of(request.headers());
        fields.remove(HttpHeaderNames.HOST);
        return fields.method(request.method().asciiName())
                .scheme(HttpScheme.HTTPS.name())
                .authority(request.headers().get(HttpHeaderNames.HOST))
                .path(request.uri());
    }

    /** The head of an answer. */
    static ResponseHead responseHead(Http2Headers frame) throws RefusedException {
        HttpHeaders fields = fields(frame, 1);
        CharSequence status = frame.status();
        if (status == null || status.length() != 3) {
            throw broken("its answer has no status");
        }
        int code = 0;
        for (int i = 0; i < status.length(); i++) {
            int digit = status.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                throw broken("its answer has no status");
            }
            code = code * 10 + digit;
        }
        if (code < 100) {
            throw broken("its answer has no status");
        }
        return new ResponseHead(code, fields, ResponseHead.declaredLength(fields));
    }

    /** What follows the body of an answer. */
    static HttpHeaders trailers(Http2Headers frame) throws RefusedException {
        return fields(frame, 0);
    }

    private static HttpHeaders fields(Http2Headers frame, int pseudoHeaders) throws RefusedException {
        HttpHeaders fields = new DefaultHttpHeaders();
        int pseudo = 0;
        for (Map.Entry<CharSequence, CharSequence> field : frame) {
            CharSequence name = field.getKey();
            if (name.length() > 0 && name.charAt(0) == ':') {
                pseudo++;
                continue;
            }
            try {
                // Refuses names that are no tokens, and values with a CR, an LF or another control character.
                fields.add(name, field.getValue());
            } catch (IllegalArgumentException e) {
                throw broken("its answer has a field that is none");
            }
        }
        if (pseudo != pseudoHeaders) {
            throw broken("its answer has fields that are not of an answer");
        }
        return fields;
    }

    private static RefusedException broken(String why) {
        return new RefusedException(Failure.UPSTREAM_FAILED, why);
    }
}
