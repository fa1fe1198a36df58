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
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Fields as HTTP/2 has them (RFC 9113 §8.2) on their way from and to the other rules. In HTTP/1.1 a CR LF in a value would be
 * the end of a field, a blank in a path the end of a request line: what could not be said there is not taken here either.
 */
final class StreamFields {
    private static final Set<String> OF_CONNECTIONS =
            Set.of("connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade", "http2-settings");

    private static final Set<String> OF_REQUESTS = Set.of(":method", ":scheme", ":authority", ":path");

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

    /**
     * The head of a request, by the rules of one that came by HTTP/1.1.
     *
     * @param whole whether no body follows
     */
    static RequestHead requestHead(Http2Headers frame, boolean whole) throws RefusedException {
        Map<String, String> pseudo = new HashMap<>();
        HttpHeaders fields = new DefaultHttpHeaders();
        for (Map.Entry<CharSequence, CharSequence> field : frame) {
            String name = field.getKey().toString();
            String value = field.getValue().toString();
            if (!name.startsWith(":")) {
                addTo(fields, name, value);
            } else if (!OF_REQUESTS.contains(name)) {
                throw malformed("a pseudo-header field that is not of a request");
            } else if (pseudo.put(name, value) != null) {
                throw malformed("a pseudo-header field twice");
            }
        }
        String method = pseudo.getOrDefault(":method", "");
        String target = pseudo.getOrDefault(":path", "");
        RequestHead.checkMethod(method, false);
        if (!target.startsWith("/")) {
            throw malformed("the :path of a request begins with '/'");
        }
        RequestHead.checkTarget(target);
        if (!pseudo.getOrDefault(":scheme", "").equals("https")) {
            throw malformed("the :scheme of a request is https");
        }
        setHost(fields, pseudo.get(":authority"));
        long length = RequestHead.contentLength(fields.getAll(HttpHeaderNames.CONTENT_LENGTH));
        if (whole && length > 0) {
            throw malformed("a body is not as long as its content-length says");
        }
        boolean openEnded = !whole && length <= 0;
        return new RequestHead(method, target, fields, openEnded ? -1 : length, openEnded);
    }

    private static void setHost(HttpHeaders fields, @Nullable String authority) throws RefusedException {
        List<String> hosts = fields.getAll(HttpHeaderNames.HOST);
        if (hosts.size() + (authority == null ? 0 : 1) == 0 || hosts.size() > 1) {
            throw malformed("a request names one host");
        }
        if (authority == null) {
            return;
        }
        if (!hosts.isEmpty() && !hosts.get(0).equalsIgnoreCase(authority)) {
            throw malformed("the host field names another host than the :authority");
        }
        RequestHead.checkValue(authority);
        fields.set(HttpHeaderNames.HOST, authority);
    }

    /** What must come of the body of a request whose head was read. */
    static StreamBody requestBody(Http2Headers frame) throws RefusedException {
        CharSequence length = frame.get(HttpHeaderNames.CONTENT_LENGTH);
        return new StreamBody(RequestHead.contentLength(length == null ? List.of() : List.of(length.toString())));
    }

    /** What follows the body of a request. */
    static HttpHeaders requestTrailers(Http2Headers frame) throws RefusedException {
        HttpHeaders fields = new DefaultHttpHeaders();
        for (Map.Entry<CharSequence, CharSequence> field : frame) {
            addTo(fields, field.getKey().toString(), field.getValue().toString());
        }
        return fields;
    }

    private static void addTo(HttpHeaders fields, String name, String value) throws RefusedException {
        RequestHead.checkName(name);
        for (int i = 0; i < name.length(); i++) {
            if (name.charAt(i) >= 'A' && name.charAt(i) <= 'Z') {
                throw malformed("a field name in upper case");
            }
        }
        RequestHead.checkValue(value);
        if (!value.equals(value.strip())) {
            throw malformed("blanks around a field's value");
        }
        if (OF_CONNECTIONS.contains(name) || (name.equals("te") && !value.equals("trailers"))) {
            throw malformed("a field that belongs to a connection of HTTP/1.1");
        }
        if (fields.size() == RequestHead.MAX_FIELDS) {
            throw malformed("a request has at most " + RequestHead.MAX_FIELDS + " fields");
        }
        fields.add(name, value);
    }

    private static RefusedException malformed(String why) {
        return new RefusedException(Failure.REQUEST_MALFORMED, why);
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
