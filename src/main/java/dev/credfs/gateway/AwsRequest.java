package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a client signed a request for AWS, as far as the gateway keeps to it when it signs again. The client's signature itself is
 * of a key that opens nothing, and nobody looks at it.
 *
 * @param region of the scope; empty where the client says none
 * @param service of the scope, such as {@code s3}; empty where the client says none
 * @param signedHeaders names in lower case
 * @param payload what stands for the body in the signature
 * @param payloadText of {@code X-Amz-Content-Sha256}; empty where there is none
 */
record AwsRequest(String region, String service, Set<String> signedHeaders, Payload payload, String payloadText) {
    AwsRequest {
        signedHeaders = Set.copyOf(signedHeaders);
    }

    /** What stands for the body in the signature. */
    enum Payload {
        /** A hash, or a word that says there is none: as the client has it. */
        AS_GIVEN,
        /** Nothing: it is collected and hashed. */
        COLLECTED,
        /** Each chunk is signed, in a framing of its own. */
        CHUNKS,
        /** And so are the headers after the last one. */
        CHUNKS_AND_TRAILER
    }

    static final String CONTENT_SHA256 = "x-amz-content-sha256";

    private static final Pattern AUTHORIZATION = Pattern.compile(SignatureV4.ALGORITHM
            + " +Credential=[!-~&&[^/,]]+/[0-9]{8}/([a-z0-9-]{1,64})/([a-z0-9._-]{1,64})/aws4_request *, *"
            + "SignedHeaders=([!-~&&[^,]]+) *, *Signature=[0-9a-f]+");
    private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

    /** Parameters of requests that are signed in their query, and those of the version before, in lower case. */
    private static final Set<String> PRESIGNED =
            Set.of("x-amz-signature", "x-amz-credential", "x-amz-algorithm", "x-amz-security-token", "awsaccesskeyid");

    /** Whether {@code authorization} is a signature, and so carries no token. */
    static boolean isSignature(String authorization) {
        return authorization.startsWith("AWS");
    }

    /**
     * Reads how {@code client} was signed.
     *
     * @param query of the request, without its question mark
     * @param tls whether the upstream is reached by TLS: only there may a body go unsigned
     */
    static AwsRequest of(RequestHead client, String query, boolean tls) throws RefusedException {
        refusePresigned(query);
        String sent = client.fields().get(CONTENT_SHA256, "");
        Payload payload = payload(sent, tls);
        String authorization = client.fields().get("authorization", "");
        if (!isSignature(authorization)) {
            return new AwsRequest("", "", Set.of(), payload, sent);
        }
        Matcher signed = AUTHORIZATION.matcher(authorization);
        if (!signed.matches()) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED,
                    "a request for AWS is signed as " + SignatureV4.ALGORITHM
                            + ", in its Authorization header: no other version and algorithm is signed again");
        }
        Set<String> headers = new HashSet<>(
                Arrays.asList(signed.group(3).toLowerCase(Locale.ROOT).split(";", -1)));
        return new AwsRequest(signed.group(1), signed.group(2), headers, payload, sent);
    }

    private static Payload payload(String sent, boolean tls) throws RefusedException {
        if (sent.isEmpty()) {
            return Payload.COLLECTED;
        }
        if (SHA256.matcher(sent).matches()) {
            return Payload.AS_GIVEN;
        }
        switch (sent) {
            case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" -> {
                return Payload.CHUNKS;
            }
            case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" -> {
                return Payload.CHUNKS_AND_TRAILER;
            }
            case "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER" -> {
                if (!tls) {
                    throw new RefusedException(
                            Failure.REQUEST_MALFORMED,
                            "X-Amz-Content-Sha256: " + sent + " is for upstreams with TLS alone: sign the body");
                }
                return Payload.AS_GIVEN;
            }
            default ->
                throw new RefusedException(
                        Failure.REQUEST_MALFORMED,
                        "X-Amz-Content-Sha256 is neither a SHA-256 in hex nor a word that can be signed again");
        }
    }

    private static void refusePresigned(String query) throws RefusedException {
        for (String parameter : query.split("[&;]", -1)) {
            int equals = parameter.indexOf('=');
            String name = PercentEncoding.decodeLeniently(equals < 0 ? parameter : parameter.substring(0, equals));
            if (PRESIGNED.contains(name.strip().toLowerCase(Locale.ROOT))) {
                throw new RefusedException(
                        Failure.REQUEST_MALFORMED,
                        "a presigned URL ('" + name.strip().toLowerCase(Locale.ROOT)
                                + "' in the query) is not signed again: sign in the Authorization header");
            }
        }
    }
}
