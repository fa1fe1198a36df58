package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.eventually;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.crypto.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Access tokens from a token server on a real socket: fetched once, renewed in time, told to nobody. */
@Timeout(60)
final class OAuth2RouteTest {
    private static final String SECRET = "client secret+1/2".replace(' ', '-');
    private static final String REFRESH = "refresh-token-0123456789";

    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private RecordingUpstream tokens;
    private GatewayFixture gateway;
    private final AtomicInteger handedOut = new AtomicInteger();
    private volatile CountDownLatch mayAnswer = new CountDownLatch(0);
    private volatile String status = "200 OK";
    /** The answer of the token server; {@code N} is the number of the token. */
    private volatile String json = "{\"access_token\":\"access-token-N\",\"token_type\":\"Bearer\",\"expires_in\":600}";

    private volatile byte[] answer = RecordingUpstream.response("200 OK", "hello");

    @BeforeEach
    void start() throws Exception {
        upstream = new RecordingUpstream((request, out, socket) -> out.write(answer));
        tokens = new RecordingUpstream((request, out, socket) -> {
            mayAnswer.await();
            String number = String.valueOf(handedOut.incrementAndGet());
            out.write(RecordingUpstream.response(status, json.replace("N", number)));
        });
        gateway = new GatewayFixture(directory)
                .route(route("api", Credential.OAuth2.Grant.CLIENT_CREDENTIALS, SECRET, Optional.empty()))
                .route(route("refresh", Credential.OAuth2.Grant.REFRESH_TOKEN, REFRESH, Optional.of(secret(SECRET))))
                .start();
    }

    @AfterEach
    void stop() {
        mayAnswer.countDown();
        gateway.close();
        upstream.close();
        tokens.close();
    }

    private static SecretBytes secret(String text) {
        return SecretBytes.copyOf(text.getBytes(StandardCharsets.US_ASCII));
    }

    private Route route(String name, Credential.OAuth2.Grant grant, String secret, Optional<SecretBytes> clientSecret) {
        Upstream server = Upstream.parse("http://127.0.0.1:" + tokens.port() + "/oauth/token", true, List.of());
        return route(name, server, grant, secret, clientSecret);
    }

    private Route route(
            String name,
            Upstream server,
            Credential.OAuth2.Grant grant,
            String secret,
            Optional<SecretBytes> clientSecret) {
        return new Route(
                name,
                Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of()),
                new Credential.OAuth2(
                        new Placement.Bearer(),
                        server,
                        "client:1",
                        grant,
                        secret(secret),
                        clientSecret,
                        "read write",
                        "",
                        false),
                Identity.ByToken.usual(),
                false,
                true);
    }

    private RawClient.Reply ask(String path) throws IOException {
        try (RawClient client = gateway.unix()) {
            return client.send(get(path, token())).reply();
        }
    }

    private String used(int request) {
        return upstream.requests.get(request).field("authorization");
    }

    @Test
    void tokenIsFetchedByTheClientsSecretAndUsedAgain() throws Exception {
        assertThat(ask("/api/x").status()).isEqualTo(200);
        assertThat(ask("/api/y").status()).isEqualTo(200);
        assertThat(tokens.requests).hasSize(1);
        RecordingUpstream.Request asked = tokens.requests.get(0);
        assertThat(asked.line()).isEqualTo("POST /oauth/token HTTP/1.1");
        assertThat(asked.body()).isEqualTo("grant_type=client_credentials&scope=read%20write");
        assertThat(new String(
                        Base64.getDecoder().decode(asked.field("authorization").substring("Basic ".length())),
                        StandardCharsets.US_ASCII))
                .isEqualTo("client%3A1:client-secret%2B1%2F2");
        assertThat(used(0)).isEqualTo("Bearer access-token-1").isEqualTo(used(1));
    }

    @Test
    void whoeverAsksAtOnceWaitsForOneToken() throws Exception {
        mayAnswer = new CountDownLatch(1);
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            clients.add(gateway.unix().send(get("/api/" + i, token())));
        }
        eventually(() -> tokens.requests.size() == 1);
        mayAnswer.countDown();
        for (RawClient client : clients) {
            assertThat(client.reply().status()).isEqualTo(200);
            client.close();
        }
        assertThat(tokens.requests).hasSize(1);
    }

    @Test
    void tokenIsRenewedBeforeItExpiresWhileTheOldOneServes() throws Exception {
        ask("/api/x");
        mayAnswer = new CountDownLatch(1);
        gateway.nowOrLater = Instant.now().plus(Duration.ofMinutes(8));
        try (RawClient client = gateway.unix()) {
            String later = token(GatewayFixture.freshId(), Duration.ofMinutes(30));
            assertThat(client.send(get("/api/y", later)).reply().status()).isEqualTo(200);
            assertThat(used(1)).isEqualTo("Bearer access-token-1");
            eventually(() -> tokens.requests.size() == 2);
            mayAnswer.countDown();
            eventually(() -> {
                try {
                    client.send(get("/api/z", later)).reply();
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
                return used(upstream.requests.size() - 1).equals("Bearer access-token-2");
            });
        }
        assertThat(tokens.requests).hasSize(2);
    }

    @Test
    void tokenThatIsAboutToExpireIsNotUsed() throws Exception {
        ask("/api/x");
        gateway.nowOrLater = Instant.now().plus(Duration.ofSeconds(571));
        try (RawClient client = gateway.unix()) {
            client.send(get("/api/y", token(GatewayFixture.freshId(), Duration.ofMinutes(30))));
            assertThat(client.reply().status()).isEqualTo(200);
        }
        assertThat(used(1)).isEqualTo("Bearer access-token-2");
    }

    @Test
    void unauthorizedDropsTheTokenOnceAndNotForEveryRequest() throws Exception {
        answer = RecordingUpstream.response("401 Unauthorized", "no");
        for (int i = 0; i < 5; i++) {
            assertThat(ask("/api/x").status()).isEqualTo(401);
        }
        assertThat(tokens.requests).hasSize(2);
        assertThat(used(0)).isEqualTo("Bearer access-token-1");
        assertThat(used(4)).isEqualTo("Bearer access-token-2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "401 No  | {\"error\":\"invalid_client\",\"error_description\":\"SECRET\"} | refuses: 401 invalid_client",
                "500 Oh  | SECRET                                          | refuses: 500",
                "400 Bad | {\"error\":\"SECRET\"}                          | refuses: 400",
                "200 OK  | SECRET                                          | does not answer in JSON",
                "200 OK  | {}                                              | hands out what is no token",
                "200 OK  | {\"access_token\":\"a b c d e f g\"}             | hands out what is no token",
                "200 OK  | {\"access_token\":\"12345678\",\"token_type\":\"mac\"} | hands out no bearer token",
                "200 OK  | {\"access_token\":\"12345678\",\"expires_in\":\"soon\"} | 'expires_in' is no number",
                "200 OK  | {\"access_token\":\"12345678\",\"access_token\":\"87654321\"} | does not answer in JSON",
            })
    void tokenServerThatFailsIsABadGatewayWithTheReasonAlone(String line, String body, String why) throws Exception {
        status = line;
        json = body.replace("SECRET", SECRET);
        RawClient.Reply reply = ask("/api/x");
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains(why).doesNotContain(SECRET).doesNotContain("a b c d");
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void answerOfMoreThanSixtyFourKibibytesIsNotRead() throws Exception {
        json = "{\"access_token\":\"" + "a".repeat(70_000) + "\"}";
        RawClient.Reply reply = ask("/api/x");
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("answers more than 64 KiB");
    }

    @Test
    void serverThatFailsIsLeftAloneForAWhile() throws Exception {
        status = "503 Busy";
        for (int i = 0; i < 3; i++) {
            assertThat(ask("/api/x").status()).isEqualTo(502);
        }
        assertThat(tokens.requests).hasSize(1);
        status = "200 OK";
        gateway.nowOrLater = Instant.now().plus(Duration.ofSeconds(2));
        assertThat(ask("/api/x").status()).isEqualTo(200);
    }

    @Test
    void serverThatIsNotThereIsNamed() throws Exception {
        tokens.close();
        RawClient.Reply reply = ask("/api/x");
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("the token server 127.0.0.1:").contains("refuses the connection");
    }

    @ParameterizedTest
    @CsvSource({
        "https://127.0.0.1/t, false, 127.0.0.1, say 'private: true'",
        "https://169.254.169.254/t, true, 169.254.169.254, never connected to"
    })
    void serverAtAnAddressThatIsNotAllowedIsNamedWithTheReason(
            String url, boolean privateNetwork, String address, String why) throws Exception {
        gateway.close();
        gateway = new GatewayFixture(directory)
                .route(route(
                        "api",
                        Upstream.parse(url, privateNetwork, List.of()),
                        Credential.OAuth2.Grant.CLIENT_CREDENTIALS,
                        SECRET,
                        Optional.empty()))
                .start();
        RawClient.Reply reply = ask("/api/x");
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body())
                .contains("the token server " + address + " resolves to " + address + ", which is not public")
                .contains(why);
    }

    @Test
    void serverThatDoesNotAnswerIsGivenUp() throws Exception {
        mayAnswer = new CountDownLatch(1);
        RawClient.Reply reply = ask("/api/x");
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("does not answer in time");
    }

    @Test
    void answerThatHoldsTheAccessTokenOrTheSecretIsBlocked() throws Exception {
        for (String leaked : List.of("access-token-1", SECRET)) {
            answer = RecordingUpstream.response("200 OK", "it is " + leaked);
            assertThat(ask("/api/x").status()).isEqualTo(502);
        }
        answer = RecordingUpstream.response("200 OK", "", "X-Token: access-token-1");
        assertThat(ask("/api/x").status()).isEqualTo(502);
    }

    @Test
    void rotatedRefreshTokenIsKeptAndUsedAfterARestart() throws Exception {
        json = "{\"access_token\":\"access-token-N\",\"refresh_token\":\"refreshed-token-N\",\"expires_in\":600}";
        assertThat(ask("/refresh/x").status()).isEqualTo(200);
        assertThat(tokens.requests.get(0).body())
                .isEqualTo("grant_type=refresh_token&scope=read%20write&refresh_token=" + REFRESH);
        Path kept = new RefreshTokenFile(directory.resolve("state"), secret(REFRESH)).path();
        assertThat(kept).hasContent("refreshed-token-1");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(kept)))
                .isEqualTo("rw-------");
        gateway.restart();
        assertThat(ask("/refresh/x").status()).isEqualTo(200);
        assertThat(tokens.requests.get(1).body()).endsWith("&refresh_token=refreshed-token-1");
        assertThat(kept).hasContent("refreshed-token-2");
    }

    @Test
    void answerThatHoldsTheRotatedRefreshTokenIsBlocked() throws Exception {
        json = "{\"access_token\":\"access-token-N\",\"refresh_token\":\"refreshed-token-N\"}";
        answer = RecordingUpstream.response("200 OK", "it is refreshed-token-1");
        assertThat(ask("/refresh/x").status()).isEqualTo(502);
    }

    @Test
    void refreshTokenThatCannotBeKeptIsSaidAndKeptAsSoonAsItCanBe() throws Exception {
        json = "{\"access_token\":\"access-token-N\",\"refresh_token\":\"refreshed-token-N\"}";
        Path kept = new RefreshTokenFile(directory.resolve("state"), secret(REFRESH)).path();
        Path inTheWay = Files.createDirectories(kept.resolveSibling(kept.getFileName() + ".new/x"));
        RawClient.Reply reply = ask("/refresh/x");
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.body()).contains("cannot be written").doesNotContain("refreshed-token");
        Files.delete(inTheWay);
        gateway.nowOrLater = Instant.now().plus(Duration.ofSeconds(2));
        assertThat(ask("/refresh/x").status()).isEqualTo(200);
        assertThat(tokens.requests.get(1).body()).endsWith("&refresh_token=refreshed-token-1");
        assertThat(kept).hasContent("refreshed-token-2");
    }

    @Test
    void refreshTokenThatOthersCanReadIsRefused() throws Exception {
        Path kept = new RefreshTokenFile(directory.resolve("state"), secret(REFRESH)).path();
        Files.writeString(kept, "somebody-elses-token");
        Files.setPosixFilePermissions(kept, PosixFilePermissions.fromString("rw-r--r--"));
        RawClient.Reply reply = ask("/refresh/x");
        assertThat(reply.status()).isEqualTo(503);
        assertThat(reply.body()).contains("is no file of mode 0600").doesNotContain("somebody-elses");
    }

    @Test
    void tokenServerWithoutTlsIsForPrivateNetworksAlone() {
        Upstream open = Upstream.parse("http://tokens.example.com/token", false, List.of());
        assertThatThrownBy(() -> new Credential.OAuth2(
                        new Placement.Bearer(),
                        open,
                        "client",
                        Credential.OAuth2.Grant.CLIENT_CREDENTIALS,
                        secret(SECRET),
                        Optional.empty(),
                        "",
                        "",
                        false))
                .hasMessage("a server that hands out tokens is asked by https://");
    }
}
