package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * AWS Signature Version 4 with one secret key, at one time, in one scope: of requests and of the chunks of their bodies.
 *
 * <p>References: "Create a signed AWS API request" (IAM user guide); "Signature calculations for the Authorization header:
 * transferring payload in multiple chunks" and "… trailing headers" (Amazon S3 API reference).
 */
final class SignatureV4 {
    static final String ALGORITHM = "AWS4-HMAC-SHA256";
    static final String EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final String TERMINATOR = "aws4_request";
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final int DATE_LENGTH = 8;
    /** S3 signs the path as it is sent; every other service signs that text escaped once more. */
    private static final List<String> SIGN_PATH_AS_SENT = List.of("s3", "s3express", "s3-outposts", "s3-object-lambda");

    private final byte[] key;
    private final String time;
    private final String scope;
    private final boolean pathAsSent;

    /** @param secret the secret access key */
    SignatureV4(SecretBytes secret, Instant now, String region, String service) {
        this.time = TIME.format(now);
        String date = time.substring(0, DATE_LENGTH);
        this.scope = String.join("/", date, region, service, TERMINATOR);
        this.pathAsSent = SIGN_PATH_AS_SENT.contains(service);
        byte[] revealed = secret.revealCopy();
        byte[] start = new byte[4 + revealed.length];
        try {
            System.arraycopy("AWS4".getBytes(StandardCharsets.US_ASCII), 0, start, 0, 4);
            System.arraycopy(revealed, 0, start, 4, revealed.length);
            this.key = hmac(hmac(hmac(hmac(start, date), region), service), TERMINATOR);
        } finally {
            Arrays.fill(revealed, (byte) 0);
            Arrays.fill(start, (byte) 0);
        }
    }

    /** As {@code X-Amz-Date} has it. */
    String time() {
        return time;
    }

    /** {@code date/region/service/aws4_request}. */
    String scope() {
        return scope;
    }

    /**
     * The signature of a request, in hex.
     *
     * @param path as it is sent, percent-escaped
     * @param headers those that are signed: names in lower case, values as {@link #value} gives them
     * @param payload hash of the body, or the word that stands for one
     */
    String ofRequest(String method, String path, String query, SortedMap<String, String> headers, String payload) {
        StringBuilder canonical = new StringBuilder(512);
        canonical.append(method).append('\n');
        canonical
                .append(pathAsSent ? escaped(unescaped(path, false), true) : escaped(bytes(path), true))
                .append('\n');
        canonical.append(canonicalQuery(query)).append('\n');
        headers.forEach((name, value) ->
                canonical.append(name).append(':').append(value).append('\n'));
        canonical.append('\n').append(String.join(";", headers.keySet())).append('\n');
        canonical.append(payload);
        return sign(ALGORITHM, sha256(bytes(canonical.toString())));
    }

    /**
     * The signature of a chunk.
     *
     * @param previous signature of the chunk before it; of the first, that of the request
     */
    String ofChunk(String previous, byte[] chunk) {
        return sign(ALGORITHM + "-PAYLOAD", previous + "\n" + EMPTY_SHA256 + "\n" + sha256(chunk));
    }

    /**
     * The signature of the headers that follow the last chunk.
     *
     * @param lines {@code name:value}, each with its line end
     */
    String ofTrailer(String previous, String lines) {
        return sign(ALGORITHM + "-TRAILER", previous + "\n" + sha256(bytes(lines)));
    }

    private String sign(String algorithm, String what) {
        return HexFormat.of().formatHex(hmac(key, String.join("\n", algorithm, time, scope, what)));
    }

    /** The value of a header as it is signed: no blanks around it, and one where there are several. */
    static String value(List<String> values) {
        List<String> trimmed = new ArrayList<>(values.size());
        for (String value : values) {
            trimmed.add(value.strip().replaceAll(" +", " "));
        }
        return String.join(",", trimmed);
    }

    private record Parameter(String name, String value) {}

    private static String canonicalQuery(String query) {
        List<Parameter> parameters = new ArrayList<>();
        for (String part : query.split("&", -1)) {
            if (!part.isEmpty()) {
                int equals = part.indexOf('=');
                String name = equals < 0 ? part : part.substring(0, equals);
                String value = equals < 0 ? "" : part.substring(equals + 1);
                parameters.add(
                        new Parameter(escaped(unescaped(name, true), false), escaped(unescaped(value, true), false)));
            }
        }
        parameters.sort(Comparator.comparing(Parameter::name).thenComparing(Parameter::value));
        StringBuilder canonical = new StringBuilder();
        for (Parameter parameter : parameters) {
            canonical.append(canonical.length() == 0 ? "" : "&");
            canonical.append(parameter.name()).append('=').append(parameter.value());
        }
        return canonical.toString();
    }

    private static byte[] unescaped(String text, boolean form) {
        String decoded = form
                ? PercentEncoding.decodeLeniently(text)
                : PercentEncoding.decodeLeniently(text.replace("+", "%2B"));
        return decoded.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String escaped(byte[] bytes, boolean path) {
        String escaped = new String(PercentEncoding.upperCase(bytes), StandardCharsets.US_ASCII);
        return path ? escaped.replace("%2F", "/") : escaped;
    }

    static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(bytes(text));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
