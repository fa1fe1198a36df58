package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What was signed with a key that opens nothing is signed again with the real one, exactly as it is sent. */
@Timeout(60)
final class AwsRouteTest {
    private static final String SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    private static final String HASH = SignatureV4.sha256("hello".getBytes(StandardCharsets.US_ASCII));
    private static final String OLD = "0".repeat(64);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT);

    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;
    private String answer = "fine";

    @BeforeEach
    void start() throws Exception {
        upstream = new RecordingUpstream(
                (request, out, socket) -> out.write(RecordingUpstream.response("200 OK", answer)));
        gateway = new GatewayFixture(directory)
                .route(route("s3", "AKIAREALREALREALREAL:" + SECRET, "", ""))
                .route(route("pinned", "AKIAREALREALREALREAL:" + SECRET, "eu-central-1", "sqs"))
                .route(route("temporary", "ASIAREALREALREALREAL:" + SECRET + ":session/Token==", "", ""))
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    private Route route(String name, String key, String region, String service) {
        return new Route(
                name,
                Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of()),
                Credential.Aws.parse(secret(key), region, service),
                Identity.ByToken.usual(),
                false,
                true);
    }

    private static SecretBytes secret(String text) {
        return SecretBytes.copyOf(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** A request as an SDK makes it with the keys of nobody. */
    private static String signed(String line, String scope, String fields, String body) {
        return line + " HTTP/1.1\r\nHost: gateway\r\nX-Amz-Date: 20200101T000000Z\r\nX-Amz-Security-Token: " + token()
                + "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDCREDFS/20200101/" + scope
                + "/aws4_request, SignedHeaders=amz-sdk-request;content-length;host;x-amz-date, Signature=" + OLD
                + "\r\n"
                + fields + (body.isEmpty() ? "" : "Content-Length: " + body.length() + "\r\n") + "\r\n" + body;
    }

    private RawClient.Reply send(String request) throws Exception {
        try (RawClient client = gateway.unix()) {
            return client.send(request).reply();
        }
    }

    private RecordingUpstream.Request received() {
        return upstream.requests.get(upstream.requests.size() - 1);
    }

    /** The signature that the last request should have, by what the upstream got of it. */
    private static String expected(RecordingUpstream.Request got, String payload) {
        String[] credential = part(got, "Credential=").split("/", -1);
        Map<String, List<String>> fields = new TreeMap<>();
        for (String line : got.head().split("\r\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && !line.equals(got.line())) {
                fields.computeIfAbsent(line.substring(0, colon).toLowerCase(Locale.ROOT), key -> new ArrayList<>())
                        .add(line.substring(colon + 1));
            }
        }
        TreeMap<String, String> signed = new TreeMap<>();
        for (String name : part(got, "SignedHeaders=").split(";", -1)) {
            signed.put(name, SignatureV4.value(fields.getOrDefault(name, List.of())));
        }
        String target = got.line().split(" ", -1)[1];
        int question = target.indexOf('?');
        return signature(got, credential)
                .ofRequest(
                        got.line().split(" ", -1)[0],
                        question < 0 ? target : target.substring(0, question),
                        question < 0 ? "" : target.substring(question + 1),
                        signed,
                        payload);
    }

    private static SignatureV4 signature(RecordingUpstream.Request got, String... credential) {
        Instant time = LocalDateTime.parse(got.field("x-amz-date"), TIME).toInstant(ZoneOffset.UTC);
        assertThat(Duration.between(time, Instant.now())).isLessThan(Duration.ofMinutes(1));
        return new SignatureV4(secret(SECRET), time, credential[2], credential[3]);
    }

    private static String part(RecordingUpstream.Request got, String name) {
        String authorization = got.field("authorization");
        int start = authorization.indexOf(name) + name.length();
        int end = authorization.indexOf(',', start);
        return authorization.substring(start, end < 0 ? authorization.length() : end);
    }

    @Test
    void requestIsSignedAgainAsItIsSentWithTheRealKeyAndWithoutTheToken() throws Exception {
        String fields = "X-Amz-Content-Sha256: " + HASH
                + "\r\namz-sdk-request: attempt=1\r\nX-Amz-Meta-A: a  b\r\nX-Forwarded-For: 1.2.3.4\r\nContent-Type: text/plain\r\n";
        assertThat(send(signed("PUT /s3/bucket/a%20b?x-id=PutObject", "eu-west-1/s3", fields, "hello"))
                        .status())
                .isEqualTo(200);
        RecordingUpstream.Request got = received();
        assertThat(got.body()).isEqualTo("hello");
        assertThat(part(got, "Credential=")).startsWith("AKIAREALREALREALREAL/").endsWith("/eu-west-1/s3/aws4_request");
        assertThat(part(got, "SignedHeaders="))
                .isEqualTo("amz-sdk-request;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-a");
        assertThat(part(got, "Signature=")).isEqualTo(expected(got, HASH)).isNotEqualTo(OLD);
        assertThat(got.head())
                .doesNotContain("AKIDCREDFS")
                .doesNotContainIgnoringCase("security-token")
                .doesNotContain(OLD)
                .doesNotContain(SECRET);
        AuditEvent.Spent spent = gateway.log.of(AuditEvent.Spent.class).get(0);
        assertThat(spent.toString()).contains("PUT http://127.0.0.1").doesNotContain(SECRET);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bodyWithoutAHashIsCollectedAndHashed(boolean chunked) throws Exception {
        String request = signed("POST /s3/", "us-east-1/sqs", "Content-Type: application/x-amz-json-1.0\r\n", "hello");
        if (chunked) {
            request = request.replace("Content-Length: 5", "Transfer-Encoding: chunked")
                    .replace("\r\n\r\nhello", "\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n");
        }
        assertThat(send(request).status()).isEqualTo(200);
        assertThat(received().body()).isEqualTo("hello");
        assertThat(received().field("content-length")).isEqualTo("5");
        assertThat(received().field("x-amz-content-sha256")).isEmpty();
        assertThat(part(received(), "Signature=")).isEqualTo(expected(received(), HASH));
    }

    @Test
    void clientThatWaitsToBeToldSoIsToldByTheGatewayWhereItsBodyIsCollected() throws Exception {
        String request = signed("POST /s3/", "us-east-1/sqs", "Expect: 100-continue\r\n", "hello");
        try (RawClient client = gateway.unix()) {
            client.send(request.substring(0, request.length() - 5));
            assertThat(client.reply().status()).isEqualTo(100);
            assertThat(client.send("hello").reply().status()).isEqualTo(200);
        }
        assertThat(received().field("expect")).isEmpty();
    }

    @Test
    void requestWithoutABodyIsSignedWithTheHashOfNothing() throws Exception {
        assertThat(send(signed("GET /s3/bucket/key", "us-east-1/s3", "", "")).status())
                .isEqualTo(200);
        assertThat(received().field("x-amz-content-sha256")).isEqualTo(SignatureV4.EMPTY_SHA256);
        assertThat(part(received(), "Signature=")).isEqualTo(expected(received(), SignatureV4.EMPTY_SHA256));
    }

    @Test
    void keyOfASessionSendsItsOwnTokenSigned() throws Exception {
        assertThat(send(signed("GET /temporary/", "us-east-1/s3", "", "")).status())
                .isEqualTo(200);
        assertThat(received().field("x-amz-security-token")).isEqualTo("session/Token==");
        assertThat(part(received(), "SignedHeaders=")).contains("x-amz-security-token");
        assertThat(part(received(), "Signature=")).isEqualTo(expected(received(), SignatureV4.EMPTY_SHA256));
    }

    @Test
    void whatIsPinnedIsSignedForWhateverTheClientSaysAndAlsoWhereItSignsNothing() throws Exception {
        assertThat(send(signed("GET /pinned/", "us-east-1/s3", "", "")).status())
                .isEqualTo(200);
        assertThat(part(received(), "Credential=")).endsWith("/eu-central-1/sqs/aws4_request");
        assertThat(send(get("/pinned/queue", token())).status()).isEqualTo(200);
        assertThat(part(received(), "Signature=")).isEqualTo(expected(received(), SignatureV4.EMPTY_SHA256));
        RawClient.Reply unsigned = send(get("/s3/queue", token()));
        assertThat(unsigned.status()).isEqualTo(400);
        assertThat(unsigned.body()).contains("the request is not signed");
    }

    private static String chunked(String payload, String trailer, String... chunks) {
        StringBuilder body = new StringBuilder();
        for (String chunk : chunks) {
            body.append(Integer.toHexString(chunk.length()))
                    .append(";chunk-signature=")
                    .append(OLD);
            body.append("\r\n").append(chunk).append("\r\n");
        }
        body.append("0;chunk-signature=")
                .append(OLD)
                .append("\r\n")
                .append(trailer)
                .append("\r\n");
        return signed(
                "PUT /s3/bucket/big",
                "us-east-1/s3",
                "X-Amz-Content-Sha256: " + payload
                        + "\r\nContent-Encoding: aws-chunked\r\nX-Amz-Trailer: x-amz-checksum-crc32\r\n",
                body.toString());
    }

    @Test
    void eachChunkAndTheTrailerAreSignedAgainAndNoLengthChanges() throws Exception {
        String first = "a".repeat(70_000);
        String trailer = "x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature:" + OLD + "\r\n";
        String request = chunked("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", trailer, first, "rest");
        assertThat(send(request).status()).isEqualTo(200);
        RecordingUpstream.Request got = received();
        assertThat(got.field("content-length"))
                .isEqualTo(String.valueOf(request.length() - request.indexOf("\r\n\r\n") - 4));
        String previous = expected(got, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
        assertThat(part(got, "Signature=")).isEqualTo(previous);
        SignatureV4 signature = signature(got, part(got, "Credential=").split("/", -1));
        StringBuilder body = new StringBuilder();
        for (String chunk : List.of(first, "rest", "")) {
            previous = signature.ofChunk(previous, chunk.getBytes(StandardCharsets.US_ASCII));
            body.append(Integer.toHexString(chunk.length()))
                    .append(";chunk-signature=")
                    .append(previous);
            body.append("\r\n").append(chunk).append(chunk.isEmpty() ? "" : "\r\n");
        }
        body.append(trailer.replace(OLD, signature.ofTrailer(previous, "x-amz-checksum-crc32:AAAAAA==\n")));
        assertThat(got.body()).isEqualTo(body.append("\r\n").toString());
    }

    @Test
    void chunksAreSignedAgainWhereverTheyAreCut() throws Exception {
        String request = chunked("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", "hello, chunks", "of a few", "bytes");
        assertThat(send(request).status()).isEqualTo(200);
        String whole = received().body();
        try (RawClient client = gateway.unix()) {
            int body = request.indexOf("\r\n\r\n") + 4;
            client.send(request.substring(0, body));
            for (int i = body; i < request.length(); i++) {
                client.send(request.substring(i, i + 1));
            }
            assertThat(client.reply().status()).isEqualTo(200);
        }
        String signature = ";chunk-signature=[0-9a-f]{64}";
        assertThat(received().body().replaceAll(signature, "")).isEqualTo(whole.replaceAll(signature, ""));
        assertThat(received().body()).doesNotContain(OLD);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "5;chunk-signature=0~hello~0;chunk-signature=0~~  | a chunk does not begin with its size and signature",
                "5;chunk-signature=S~hello, ~0;chunk-signature=S~~ | a chunk is longer than it says",
                "5;chunk-signature=S~hello~                       | it breaks off",
                "0;chunk-signature=S~~more                        | something follows its end",
                "100001;chunk-signature=S~~                       | a chunk is larger than 1 MiB",
                "0;chunk-signature=S~x-amz-checksum-crc32:A~~     | a chunk is longer than it says",
            })
    void bodyThatIsNotInSuchChunksIsRefusedByName(String body, String why) throws Exception {
        String text = body.replace("=S", "=" + OLD).replace("~", "\r\n");
        String request = signed(
                "PUT /s3/bucket/big",
                "us-east-1/s3",
                "X-Amz-Content-Sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n",
                text);
        RawClient.Reply reply = send(request);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.body()).contains("the body is not in signed chunks").contains(why);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /s3/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00 | | a presigned URL ('x-amz-algorithm' in the query)",
                "GET /s3/b/k?AWSAccessKeyId=AK&Signature=00 | | a presigned URL ('awsaccesskeyid' in the query)",
                "PUT /s3/b/k | X-Amz-Content-Sha256: UNSIGNED-PAYLOAD | is for upstreams with TLS alone",
                "PUT /s3/b/k | X-Amz-Content-Sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER | is for upstreams with TLS alone",
                "PUT /s3/b/k | X-Amz-Content-Sha256: STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD | neither a SHA-256 in hex nor",
            })
    void whatCannotBeSignedAgainIsRefusedByNameAndNotSpent(String line, String field, String why) throws Exception {
        RawClient.Reply reply =
                send(signed(line, "us-east-1/s3", field == null || field.isEmpty() ? "" : field + "\r\n", ""));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.body()).contains(why);
        assertThat(gateway.log.of(AuditEvent.Spent.class)).isEmpty();
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class)).hasSize(1);
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void otherSignatureThanThisVersionIsRefused() throws Exception {
        String request = signed("GET /s3/b/k", "us-east-1/s3", "", "");
        for (String other : List.of(
                request.replace("AWS4-HMAC-SHA256 Credential", "AWS4-ECDSA-P256-SHA256 Credential"),
                request.replaceAll("AWS4-HMAC-SHA256 Credential[^\r]*", "AWS AKID:c2lnbmF0dXJl"))) {
            RawClient.Reply reply = send(other);
            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.body()).contains("signed as AWS4-HMAC-SHA256");
        }
    }

    @Test
    void bodyOfMoreThanAMebibyteWithoutAHashIsRefusedByName() throws Exception {
        RawClient.Reply reply = send(signed("POST /s3/", "us-east-1/sqs", "", "x".repeat(1024 * 1024 + 1)));
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.body()).contains("a body of more than 1 MiB without X-Amz-Content-Sha256");
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void signatureIsNoToken() throws Exception {
        String request = signed("GET /s3/b/k", "us-east-1/s3", "", "");
        RawClient.Reply reply = send(request.replaceAll("X-Amz-Security-Token[^\n]*\n", ""));
        assertThat(reply.status()).isEqualTo(401);
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void answerThatHoldsTheSecretKeyIsBlocked() throws Exception {
        answer = "key: " + SECRET;
        assertThat(send(signed("GET /s3/b/k", "us-east-1/s3", "", "")).status()).isEqualTo(502);
        answer = "token: session/Token==";
        assertThat(send(signed("GET /temporary/b/k", "us-east-1/s3", "", "")).status())
                .isEqualTo(502);
    }

    @ParameterizedTest
    @ValueSource(strings = {"AKIAREALREALREALREAL", "A:" + SECRET, "AKIAREALREALREALREAL:short", ":" + SECRET})
    void keyThatIsNotIdAndSecretIsRefusedAndNotQuoted(String line) {
        assertThatThrownBy(() -> Credential.Aws.parse(secret(line), "", ""))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("AKIA")
                .doesNotContain("wJal");
    }
}
