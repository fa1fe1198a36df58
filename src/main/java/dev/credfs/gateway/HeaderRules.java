package dev.credfs.gateway;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which header fields go from one side to the other. Every field not named here passes; of those named, none does.
 */
final class HeaderRules {
    /** RFC 9110 §7.6.1, and the older ones that servers still obey. */
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "keep-alive",
            "proxy-connection",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-authentication-info",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "http2-settings",
            "sec-websocket-extensions");

    /** Set from what was decoded, never copied. */
    private static final Set<String> FRAMING = Set.of("host", "content-length", "expect");

    /** A second credential beside ours would let a client act as somebody else, or show which of the two upstream takes. */
    private static final Set<String> CREDENTIALS = Set.of(
            "authorization",
            "cookie",
            "cookie2",
            "api-key",
            "apikey",
            "x-api-key",
            "x-apikey",
            "x-api-token",
            "x-auth-key",
            "x-auth-token",
            "x-auth-email",
            "x-access-token",
            "x-authorization",
            "authentication",
            "private-token",
            "job-token",
            "deploy-token",
            "dd-api-key",
            "dd-application-key",
            "x-amz-security-token",
            "x-amz-date",
            "x-amz-content-sha256",
            "x-goog-api-key",
            "x-goog-iam-authorization-token",
            "x-vault-token",
            "x-consul-token",
            "x-figma-token",
            "x-shopify-access-token",
            "x-session-token",
            "x-token",
            "circle-token",
            "ocp-apim-subscription-key",
            "x-ms-token-aad-access-token",
            "impersonate-user",
            "impersonate-group",
            "impersonate-uid");

    /** They make the upstream believe another method, host, path or client than the one that was cleared. */
    private static final Set<String> MISLEADING = Set.of(
            "forwarded",
            "via",
            "x-forwarded",
            "x-real-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-remote-user",
            "remote-user",
            "x-user",
            "true-client-ip",
            "cf-connecting-ip",
            "fastly-client-ip",
            "client-ip",
            "x-host",
            "x-original-host",
            "x-original-url",
            "x-original-uri",
            "x-original-method",
            "x-rewrite-url",
            "x-http-method",
            "x-http-method-override",
            "x-method-override",
            "x-http-host-override",
            "x-accel-redirect",
            "x-sendfile");

    private static final Set<String> MISLEADING_PREFIXES =
            Set.of("x-forwarded-", "x-envoy-", "impersonate-extra-", "proxy-");

    /** A cookie would be a second credential; Alt-Svc and the rest speak of a connection that is ours, not the client's. */
    private static final Set<String> NOT_FOR_THE_CLIENT = Set.of(
            "set-cookie", "set-cookie2", "alt-svc", "strict-transport-security", "public-key-pins", "content-length");

    /**
     * What must stand before a body, because whoever reads the body needs it (RFC 9110 §6.5.1). A server that adds a trailer to
     * the fields of the head would take it for one that was there when the request was cleared.
     */
    private static final Set<String> NOT_AFTER_A_BODY = Set.of(
            "accept-encoding",
            "age",
            "cache-control",
            "content-encoding",
            "content-range",
            "content-type",
            "date",
            "expires",
            "if-match",
            "if-modified-since",
            "if-none-match",
            "if-range",
            "if-unmodified-since",
            "location",
            "max-forwards",
            "pragma",
            "range",
            "retry-after",
            "vary",
            "warning",
            "www-authenticate");

    private static final String TRAILERS = "trailers";

    private static final String IDENTITY = "identity";
    private static final Pattern STREAMING_CODING =
            Pattern.compile("(?i)(?:gzip|deflate)(?:[ \\t]*;[ \\t]*q=[01](?:\\.[0-9]{0,3})?)?");

    private HeaderRules() {}

    /** Whether a field says how a message is framed or routed, so that no configuration may name it for a credential. */
    static boolean isFraming(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return HOP_BY_HOP.contains(lower) || FRAMING.contains(lower) || MISLEADING.contains(lower);
    }

    /** Whether a field of this name, in lower case, says who asks. */
    static boolean isCredential(String name) {
        return CREDENTIALS.contains(name);
    }

    /**
     * Copies what a client may say to an upstream.
     *
     * @param alsoDropped names in lower case: what carries a token or a credential on this route
     */
    static void copyToUpstream(HttpHeaders from, HttpHeaders to, Set<String> alsoDropped) {
        Set<String> nominated = nominated(from);
        for (Map.Entry<String, String> field : from) {
            String name = field.getKey().toLowerCase(Locale.ROOT);
            if (!isDroppedFromRequests(name, alsoDropped)
                    && !nominated.contains(name)
                    && !name.equals("accept-encoding")) {
                to.add(field.getKey(), field.getValue());
            }
        }
    }

    private static boolean isDroppedFromRequests(String name, Set<String> alsoDropped) {
        return HOP_BY_HOP.contains(name)
                || FRAMING.contains(name)
                || CREDENTIALS.contains(name)
                || MISLEADING.contains(name)
                || alsoDropped.contains(name)
                // Many servers turn both into HTTP_X_Y and cannot tell them apart.
                || name.indexOf('_') >= 0
                || MISLEADING_PREFIXES.stream().anyMatch(name::startsWith);
    }

    /** What a client may say to an upstream after the body: what it may say before, less what must stand there. */
    static HttpHeaders trailersToUpstream(HttpHeaders from, Set<String> alsoDropped) {
        HttpHeaders to = new DefaultHttpHeaders();
        for (Map.Entry<String, String> field : from) {
            String name = field.getKey().toLowerCase(Locale.ROOT);
            if (!isDroppedFromRequests(name, alsoDropped) && !NOT_AFTER_A_BODY.contains(name)) {
                to.add(field.getKey(), field.getValue());
            }
        }
        return to;
    }

    /** What an upstream may say to a client after the body. */
    static HttpHeaders trailersToClient(HttpHeaders from) {
        HttpHeaders to = new DefaultHttpHeaders();
        for (Map.Entry<String, String> field : from) {
            String name = field.getKey().toLowerCase(Locale.ROOT);
            if (isForTheClient(name) && !FRAMING.contains(name) && !NOT_AFTER_A_BODY.contains(name)) {
                to.add(field.getKey(), field.getValue());
            }
        }
        return to;
    }

    /** Whether whoever wrote {@code fields} says that it takes trailers. */
    static boolean takesTrailers(HttpHeaders fields) {
        return fields.containsValue(HttpHeaderNames.TE, TRAILERS, true);
    }

    /**
     * What an upstream may compress with: those codings of the client's that can be unpacked as they stream, in the client's
     * order. A part of a compressed answer cannot be unpacked, so a request for a range gets none.
     */
    static String acceptedCodings(HttpHeaders from) {
        if (from.contains(HttpHeaderNames.RANGE)) {
            return IDENTITY;
        }
        List<String> accepted = new ArrayList<>();
        for (String value : from.getAll(HttpHeaderNames.ACCEPT_ENCODING)) {
            for (String element : value.split(",", -1)) {
                if (STREAMING_CODING.matcher(element.strip()).matches()) {
                    accepted.add(element.strip());
                }
            }
        }
        return accepted.isEmpty() ? IDENTITY : String.join(", ", accepted);
    }

    /** Copies what an upstream may say to a client. */
    static void copyToClient(HttpHeaders from, HttpHeaders to) {
        Set<String> nominated = nominated(from);
        for (Map.Entry<String, String> field : from) {
            String name = field.getKey().toLowerCase(Locale.ROOT);
            if (isForTheClient(name) && !nominated.contains(name)) {
                to.add(field.getKey(), field.getValue());
            }
        }
    }

    private static boolean isForTheClient(String name) {
        return !HOP_BY_HOP.contains(name) && !NOT_FOR_THE_CLIENT.contains(name);
    }

    private static Set<String> nominated(HttpHeaders from) {
        Set<String> names = new HashSet<>();
        for (String value : from.getAll(HttpHeaderNames.CONNECTION)) {
            for (String name : value.split(",", -1)) {
                names.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }
}
