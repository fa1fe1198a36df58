package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Container;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Installation tokens of an API that checks the app's signature, narrowed as the caveats say. */
@Timeout(60)
final class GithubAppRouteTest {
    private static final String BOTH = "/repos/acme/widgets/**";
    private static KeyPair keys;

    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private RecordingUpstream api;
    private GatewayFixture gateway;
    private final AtomicInteger handedOut = new AtomicInteger();
    private volatile Duration lifetime = Duration.ofHours(1);
    private volatile String permissions =
            "{\"contents\":\"write\",\"metadata\":\"read\",\"workflows\":\"write\",\"issues\":\"write\"}";

    @BeforeAll
    static void makeKey() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        keys = generator.generateKeyPair();
    }

    private static String pem(String kind, byte[] der) {
        return "-----BEGIN " + kind + "-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind + "-----\n";
    }

    private static String pkcs8() {
        return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
    }

    private static String pkcs1() throws IOException {
        return pem(
                "RSA PRIVATE KEY",
                PrivateKeyInfo.getInstance(keys.getPrivate().getEncoded())
                        .parsePrivateKey()
                        .toASN1Primitive()
                        .getEncoded());
    }

    private static SecretBytes secret(String text) {
        return SecretBytes.copyOf(text.getBytes(StandardCharsets.US_ASCII));
    }

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("hello");
        api = new RecordingUpstream((request, out, socket) -> out.write(answer(request)));
        gateway = new GatewayFixture(directory)
                .route(new Route(
                        "github",
                        Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of()),
                        new Credential.GithubApp(
                                new Placement.Bearer(),
                                Upstream.parse("http://127.0.0.1:" + api.port(), true, List.of()),
                                "12345",
                                "678",
                                secret(pkcs1())),
                        Identity.ByToken.usual(),
                        false,
                        true))
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
        api.close();
    }

    private byte[] answer(RecordingUpstream.Request request) {
        if (!isOfTheApp(request.field("authorization"))) {
            return RecordingUpstream.response("401 Unauthorized", "{}");
        }
        if (request.line().equals("GET /app/installations/678 HTTP/1.1")) {
            return RecordingUpstream.response("200 OK", "{\"id\":678,\"permissions\":" + permissions + "}");
        }
        if (!request.line().equals("POST /app/installations/678/access_tokens HTTP/1.1")) {
            return RecordingUpstream.response("404 Not Found", "{}");
        }
        return RecordingUpstream.response(
                "201 Created",
                "{\"token\":\"ghs_installation" + handedOut.incrementAndGet() + "\",\"expires_at\":\""
                        + Instant.now().plus(lifetime).truncatedTo(java.time.temporal.ChronoUnit.SECONDS)
                        + "\",\"repositories\":[{\"id\":1}]}");
    }

    /** Verifies RS256, and the claims as GitHub does. */
    private static boolean isOfTheApp(String authorization) {
        String[] parts = authorization.substring("Bearer ".length()).split("\\.", -1);
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initVerify(keys.getPublic());
            signature.update((parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII));
            Base64.Decoder base64 = Base64.getUrlDecoder();
            Map<String, String> head = FlatJson.parse(base64.decode(parts[0]));
            Map<String, String> claims = FlatJson.parse(base64.decode(parts[1]));
            long now = Instant.now().getEpochSecond();
            long begun = Long.parseLong(claims.getOrDefault("iat", "0"));
            long end = Long.parseLong(claims.getOrDefault("exp", "0"));
            return signature.verify(base64.decode(parts[2]))
                    && head.equals(Map.of("alg", "RS256", "typ", "JWT"))
                    && "12345".equals(claims.get("iss"))
                    && begun <= now - 55
                    && end > now
                    && end - begun <= 600;
        } catch (GeneralSecurityException | IOException e) {
            throw new AssertionError(e);
        }
    }

    private RawClient.Reply ask(String path, String token) throws IOException {
        try (RawClient client = gateway.unix()) {
            return client.send(get("/github" + path, token)).reply();
        }
    }

    private List<String> wanted() {
        return api.requests.stream()
                .filter(request -> request.line().startsWith("POST"))
                .map(RecordingUpstream.Request::body)
                .toList();
    }

    @Test
    void installationTokenIsFetchedOnceAndPutIn() throws Exception {
        assertThat(ask("/user", token()).status()).isEqualTo(200);
        assertThat(ask("/user", token()).status()).isEqualTo(200);
        assertThat(wanted()).containsExactly("{}");
        assertThat(upstream.requests.get(1).field("authorization")).isEqualTo("Bearer ghs_installation1");
    }

    @Test
    void pathsThatNameRepositoriesAndMethodsThatReadNarrowIt() throws Exception {
        ask("/repos/acme/widgets/issues", token("path = " + BOTH + " /repos/acme/gadgets"));
        ask("/repos/acme/widgets/issues", token("path = " + BOTH, "method = GET,HEAD"));
        assertThat(wanted())
                .containsExactly(
                        "{\"repositories\":[\"gadgets\",\"widgets\"]}",
                        "{\"repositories\":[\"widgets\"],\"permissions\":{\"contents\":\"read\",\"issues\":\"read\",\"metadata\":\"read\"}}");
        assertThat(upstream.requests.get(0).field("authorization"))
                .isNotEqualTo(upstream.requests.get(1).field("authorization"));
    }

    @Test
    void eachContainerHasItsOwn() throws Exception {
        ask("/user", token());
        gateway.container = new Container("a".repeat(64));
        ask("/user", token());
        ask("/user", token());
        assertThat(wanted()).hasSize(2);
    }

    @Test
    void installationWithoutPermissionsIsNotAskedForAll() throws Exception {
        permissions = "{\"workflows\":\"write\"}";
        RawClient.Reply reply = ask("/user", token("method = GET"));
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("names no permission of the installation");
        assertThat(wanted()).isEmpty();
    }

    @Test
    void tokenIsRenewedBeforeItExpires() throws Exception {
        ask("/user", token());
        gateway.nowOrLater = Instant.now().plus(Duration.ofMinutes(56));
        String later = token(GatewayFixture.freshId(), Duration.ofHours(2));
        ask("/user", later);
        GatewayFixture.eventually(() -> wanted().size() == 2);
    }

    @Test
    void tokenThatHasExpiredWhenItComesIsRefused() throws Exception {
        lifetime = Duration.ofHours(-1);
        RawClient.Reply reply = ask("/user", token());
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("hands out a token that has expired");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "path = /repos/acme/widgets                                  | widgets | false",
                "path = /repos/acme/widgets/** /repos/Acme/gadgets/issues/*  | gadgets,widgets | false",
                "path = /acme/widgets.git/** /repos/acme/widgets/**          | widgets | false",
                "path = /repos/acme/widgets/** /repos/other/widgets/**       | ''      | false",
                "path = /repos/acme/*/issues                                 | ''      | false",
                "path = /repos/acme/**                                       | ''      | false",
                "path = /repos/acme/widgets/** /user                         | ''      | false",
                "path = /repos/acme/widgets-*/**                             | ''      | false",
                "method = GET                                                | ''      | true",
                "method = GET,POST                                           | ''      | false",
            })
    void scopeIsWhatEveryPathNames(String caveat, String repositories, boolean readOnly) throws Exception {
        GithubScope scope = GithubScope.of(List.of(Caveat.parse(caveat)), "", "");
        assertThat(String.join(",", scope.repositories())).isEqualTo(repositories);
        assertThat(scope.readOnly()).isEqualTo(readOnly);
    }

    @Test
    void severalCaveatsNarrowTogetherBelowTheBaseOfTheApi() throws CaveatSyntaxException {
        List<Caveat> caveats = new ArrayList<>();
        for (String text : List.of("path = /api/v3/**", "path = /api/v3/repos/acme/widgets/**", "method = HEAD")) {
            caveats.add(Caveat.parse(text));
        }
        assertThat(GithubScope.of(caveats, "/api/v3", "c")).isEqualTo(new GithubScope("c", List.of("widgets"), true));
        assertThat(GithubScope.of(caveats, "/api", "c").repositories()).isEmpty();
    }

    @Test
    void keyIsReadInEveryForm() throws Exception {
        for (String form : List.of(
                pkcs1(),
                pkcs8(),
                pkcs8().replace("\n", "\r\n"),
                Base64.getEncoder().encodeToString(keys.getPrivate().getEncoded()))) {
            String statement = RsaKey.parse(secret(form)).statement("12345", Instant.now());
            assertThat(isOfTheApp("Bearer " + statement)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "not a key",
                "MIIBVQIBADANBgkq",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
            })
    void whatIsNoKeyIsRefusedAndNotQuoted(String text) {
        assertThatThrownBy(() -> RsaKey.parse(secret(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not a private key of RSA in PEM");
    }

    @Test
    void keyThatIsTooShortIsRefused() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(1024);
        SecretBytes shortKey = secret(
                pem("PRIVATE KEY", generator.generateKeyPair().getPrivate().getEncoded()));
        assertThatThrownBy(() -> RsaKey.parse(shortKey)).hasMessage("a key of RSA has at least 2048 bits");
    }
}
