package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The opening of a WebSocket (RFC 6455 §4), as both sides must agree on it before anything but HTTP passes.
 *
 * @param key what the client sent, which the upstream's answer must prove to have read
 * @param protocols that the client offered
 */
record WebSocketHandshake(String key, List<String> protocols) {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    /** Sixteen bytes in base64. */
    private static final Pattern KEY = Pattern.compile("[A-Za-z0-9+/]{21}[AQgw]==");

    private static final String WEBSOCKET = "websocket";

    WebSocketHandshake {
        protocols = List.copyOf(protocols);
    }

    /** Whether a request wants to become a WebSocket; every other upgrade is passed over, as RFC 9110 §7.8 allows. */
    static boolean isAskedForBy(RequestHead request) {
        return request.fields().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && request.fields().containsValue(HttpHeaderNames.UPGRADE, WEBSOCKET, true);
    }

    /** Reads the handshake of a request that asks for one. */
    static WebSocketHandshake of(RequestHead request) throws RefusedException {
        HttpHeaders fields = request.fields();
        List<String> keys = fields.getAll(HttpHeaderNames.SEC_WEBSOCKET_KEY);
        if (!request.method().equals("GET")
                || request.hasBody()
                || !isWebSocketAlone(fields)
                || !fields.getAll(HttpHeaderNames.SEC_WEBSOCKET_VERSION).equals(List.of("13"))
                || keys.size() != 1
                || !KEY.matcher(keys.get(0)).matches()) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED,
                    "a WebSocket begins with a GET, 'Upgrade: websocket', version 13 and one key of 16 bytes");
        }
        return new WebSocketHandshake(keys.get(0), elements(fields, HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL));
    }

    /** Asks the upstream for the same; for no extension, since a compressed message could not be searched. */
    void ask(HttpHeaders upstream) {
        upstream.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        upstream.set(HttpHeaderNames.UPGRADE, WEBSOCKET);
        upstream.remove(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS);
    }

    /**
     * The answer that tells the client of the upstream's consent.
     *
     * @throws RefusedException if the upstream consents to something else
     */
    ResponseHead accepted(ResponseHead answer) throws RefusedException {
        HttpHeaders fields = answer.fields();
        List<String> chosen = fields.getAll(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL);
        boolean agreed = fields.containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE, true)
                && isWebSocketAlone(fields)
                && fields.getAll(HttpHeaderNames.SEC_WEBSOCKET_ACCEPT).equals(List.of(proof()))
                && !fields.contains(HttpHeaderNames.SEC_WEBSOCKET_EXTENSIONS)
                && (chosen.isEmpty() || (chosen.size() == 1 && protocols.contains(chosen.get(0))));
        if (!agreed) {
            throw new RefusedException(
                    Failure.UPSTREAM_FAILED, "the upstream's answer to the WebSocket handshake is not one to it");
        }
        HttpHeaders consent = new DefaultHttpHeaders();
        HeaderRules.copyToClient(fields, consent);
        consent.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.UPGRADE);
        consent.set(HttpHeaderNames.UPGRADE, WEBSOCKET);
        return new ResponseHead(ResponseHead.SWITCHING_PROTOCOLS, consent, -1);
    }

    private static boolean isWebSocketAlone(HttpHeaders fields) {
        List<String> upgrades = fields.getAll(HttpHeaderNames.UPGRADE);
        return upgrades.size() == 1 && upgrades.get(0).equalsIgnoreCase(WEBSOCKET);
    }

    private String proof() {
        try {
            // The protocol's own choice; it keeps caches from taking part, and protects nothing.
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    private static List<String> elements(HttpHeaders fields, CharSequence name) {
        List<String> elements = new ArrayList<>();
        for (String value : fields.getAll(name)) {
            for (String element : value.split(",", -1)) {
                elements.add(element.strip());
            }
        }
        return elements;
    }
}
