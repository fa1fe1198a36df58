package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

/** Signs requests for AWS again, with the real key, exactly as they are sent. */
final class AwsAuthorizer extends StandingAuthorizer {
    /**
     * Not signed although the client did: they are of the connection, or may be written otherwise on the way.
     */
    private static final Set<String> NEVER_SIGNED = Set.of(
            "accept-encoding",
            "authorization",
            "connection",
            "content-length",
            "expect",
            "te",
            "transfer-encoding",
            "user-agent",
            "x-amzn-trace-id");

    private static final String SECURITY_TOKEN = "x-amz-security-token";

    private final Credential.Aws credential;
    private final InstantSource clock;
    private final CredentialSearch search;
    /** What bodies and chunks hold that wait to be whole. */
    private final AtomicLong heldBytes = new AtomicLong();

    AwsAuthorizer(Credential.Aws credential, InstantSource clock) {
        this.credential = credential;
        this.clock = clock;
        List<SecretBytes> secrets = new ArrayList<>(List.of(credential.secretKey()));
        credential.sessionToken().ifPresent(secrets::add);
        this.search = CredentialSearch.of(secrets);
    }

    @Override
    public CredentialSearch search() {
        return search;
    }

    @Override
    public Departure depart(RequestHead client, UpstreamRequest request) throws RefusedException {
        AwsRequest asked = AwsRequest.of(client, request.query(), request.tls());
        SignatureV4 signature = new SignatureV4(
                credential.secretKey(),
                clock.instant(),
                chosen("region", credential.region(), asked.region()),
                chosen("service", credential.service(), asked.service()));
        Signer signer = new Signer(request, asked, signature);
        return switch (asked.payload()) {
            case AS_GIVEN -> {
                signer.sign(asked.payloadText());
                yield Departure.of(request);
            }
            case COLLECTED -> new CollectedBody(request, signer, heldBytes);
            case CHUNKS, CHUNKS_AND_TRAILER ->
                new SignedChunks(
                        request,
                        signature,
                        signer.sign(asked.payloadText()),
                        asked.payload() == AwsRequest.Payload.CHUNKS_AND_TRAILER,
                        heldBytes);
        };
    }

    private static String chosen(String what, String configured, String asked) throws RefusedException {
        String chosen = configured.isEmpty() ? asked : configured;
        if (chosen.isEmpty()) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED,
                    "the request is not signed, and the route does not say for which " + what + " to sign it");
        }
        return chosen;
    }

    /** The headers of one request on their way to a signature. */
    final class Signer {
        private final UpstreamRequest request;
        private final AwsRequest asked;
        private final SignatureV4 signature;

        private Signer(UpstreamRequest request, AwsRequest asked, SignatureV4 signature) {
            this.request = request;
            this.asked = asked;
            this.signature = signature;
        }

        /** Whether the request says what its body is, beside its signature. */
        private boolean namesPayload() {
            return !asked.payloadText().isEmpty() || signature.scope().contains("/s3");
        }

        /**
         * Signs the request as it is now.
         *
         * @param payload hash of the body, or the word for it
         * @return the signature, which those of the body's chunks go on from
         */
        String sign(String payload) {
            HttpHeaders headers = request.headers();
            headers.set("x-amz-date", signature.time());
            if (namesPayload()) {
                headers.set(AwsRequest.CONTENT_SHA256, payload);
            }
            credential.sessionToken().ifPresent(token -> request.setHeader(SECURITY_TOKEN, token.revealCopy()));
            SortedMap<String, String> signed = new TreeMap<>();
            for (String written : headers.names()) {
                String name = written.toLowerCase(Locale.ROOT);
                boolean required = name.equals("host") || name.equals("content-type") || name.startsWith("x-amz-");
                if ((required || asked.signedHeaders().contains(name)) && !NEVER_SIGNED.contains(name)) {
                    signed.put(name, SignatureV4.value(headers.getAll(written)));
                }
            }
            String made = signature.ofRequest(request.method(), request.path(), request.query(), signed, payload);
            String authorization = SignatureV4.ALGORITHM + " Credential=" + credential.keyId() + "/"
                    + signature.scope() + ", SignedHeaders=" + String.join(";", signed.keySet()) + ", Signature="
                    + made;
            request.setHeader("authorization", authorization.getBytes(StandardCharsets.US_ASCII));
            return made;
        }
    }
}
