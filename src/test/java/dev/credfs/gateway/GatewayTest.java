package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.TokenId;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Verify, clear, swap, forward: over both kinds of socket, against an upstream that writes everything down. */
@Timeout(30)
final class GatewayTest {
    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("hello");
        gateway = new GatewayFixture(directory)
                .route("api", upstream.port(), new Placement.Bearer())
                .route("key", upstream.port(), new Placement.Header("X-Api-Key", ""))
                .route("basic", upstream.port(), new Placement.Basic("x-access-token"))
                .route("query", upstream.port(), new Placement.Query("key"))
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    @Test
    void tokenIsSwappedForTheCredentialOverTcp() throws Exception {
        try (RawClient client = gateway.tcp()) {
            RawClient.Reply reply =
                    client.send(get("/api/repos/acme?page=2", token())).reply();
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.body()).isEqualTo("hello");
        }
        RecordingUpstream.Request seen = upstream.requests.get(0);
        assertThat(seen.line()).isEqualTo("GET /repos/acme?page=2 HTTP/1.1");
        assertThat(seen.field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
        assertThat(seen.field("host")).isEqualTo("127.0.0.1:" + upstream.port());
    }

    @Test
    void connectionIsKeptOnBothSides() throws Exception {
        try (RawClient client = gateway.unix()) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.send(get("/api/" + i, token())).reply().status())
                        .isEqualTo(200);
            }
        }
        assertThat(upstream.requests).hasSize(20);
        assertThat(upstream.connections.get()).isEqualTo(1);
    }

    @Test
    void requestsSentAheadAreAnsweredInTheirOrder() throws Exception {
        try (RawClient client = gateway.unix()) {
            client.send(get("/api/1", token()) + get("/api/2", token()) + get("/api/3", "bad!"));
            assertThat(client.reply().status()).isEqualTo(200);
            assertThat(client.reply().status()).isEqualTo(200);
            assertThat(client.reply().status()).isEqualTo(400);
        }
        assertThat(upstream.requests)
                .extracting(RecordingUpstream.Request::line)
                .containsExactly("GET /1 HTTP/1.1", "GET /2 HTTP/1.1");
    }

    @Test
    void eachPlacementPutsTheCredentialInItsPlaceAndNowhereElse() throws Exception {
        try (RawClient client = gateway.unix()) {
            client.send(get("/key/a", token())).reply();
            client.send(get("/basic/b", token())).reply();
            client.send(get("/query/c?q=1", token())).reply();
        }
        assertThat(upstream.requests.get(0).field("x-api-key")).isEqualTo(CREDENTIAL);
        assertThat(upstream.requests.get(0).field("authorization")).isEmpty();
        String basic = Base64.getEncoder()
                .encodeToString(("x-access-token:" + CREDENTIAL).getBytes(StandardCharsets.US_ASCII));
        assertThat(upstream.requests.get(1).field("authorization")).isEqualTo("Basic " + basic);
        assertThat(upstream.requests.get(2).line())
                .isEqualTo("GET /c?q=1&key=ghp_R3al%2BSecret%2F0f-the_Upstream%3D%3D HTTP/1.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Authorization: token ", "authorization: bearer ", "X-Api-Key: ", "PRIVATE-TOKEN: "})
    void tokenIsFoundWhereClientsPutIt(String field) throws Exception {
        try (RawClient client = gateway.unix()) {
            RawClient.Reply reply = client.send(
                            "GET /api/ HTTP/1.1\r\nHost: gateway\r\n" + field + token() + "\r\n\r\n")
                    .reply();
            assertThat(reply.status()).isEqualTo(200);
        }
        assertThat(upstream.requests.get(0).head()).contains(CREDENTIAL).doesNotContain("AgEGZ2l0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"git:%s", "%s:", "%s:x-oauth-basic"})
    void tokenIsFoundInBasic(String pair) throws Exception {
        String encoded =
                Base64.getEncoder().encodeToString(pair.replace("%s", token()).getBytes(StandardCharsets.US_ASCII));
        try (RawClient client = gateway.unix()) {
            RawClient.Reply reply = client.send(
                            "GET /api/ HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic " + encoded + "\r\n\r\n")
                    .reply();
            assertThat(reply.status()).isEqualTo(200);
        }
    }

    @Test
    void whatWouldMisleadTheUpstreamIsRemoved() throws Exception {
        String fields = String.join(
                "\r\n",
                "Cookie: session=1",
                "Connection: x-nominated, close",
                "X-Nominated: 1",
                "X-Forwarded-For: 1.2.3.4",
                "X-Forwarded-Host: evil",
                "Forwarded: for=1.2.3.4",
                "X-HTTP-Method-Override: DELETE",
                "X-Original-URL: /admin",
                "X_Forwarded_For: 1.2.3.4",
                "Proxy-Authorization: Basic eA==",
                "Upgrade: h2c",
                "TE: trailers",
                "X-Amz-Security-Token: t",
                "Accept: text/plain");
        try (RawClient client = gateway.unix()) {
            String request = get("/api/", token()).replace("\r\n\r\n", "\r\n" + fields + "\r\n\r\n");
            assertThat(client.send(request).reply().status()).isEqualTo(200);
            assertThat(client.closed()).isTrue();
        }
        assertThat(upstream.requests.get(0).head().lines().map(line -> line.split(":", 2)[0]))
                .containsExactlyInAnyOrder(
                        "GET / HTTP/1.1",
                        "host",
                        "Accept",
                        "accept-encoding",
                        // Ours, of which the client's word was the occasion: it takes trailers, and so they pass.
                        "te",
                        "connection",
                        "authorization",
                        "");
        assertThat(upstream.requests.get(0).field("connection")).isEqualTo("te");
    }

    @Test
    void caveatThatDoesNotClearIsNamed() throws Exception {
        TokenId id = GatewayFixture.freshId();
        String token = token(id, Duration.ofMinutes(5), "method = GET,HEAD", "path = /repos/acme/**");
        try (RawClient client = gateway.unix()) {
            RawClient.Reply reply = client.send(
                            "POST /api/user?secret=1 HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\nAuthorization: Bearer "
                                    + token + "\r\n\r\n")
                    .reply();
            assertThat(reply.status()).isEqualTo(403);
            assertThat(reply.field("content-type")).isEqualTo("application/problem+json");
            assertThat(reply.body())
                    .isEqualTo("{\"type\":\"urn:credfs:problem:caveat-not-cleared\",\"title\":\"caveat not cleared\","
                            + "\"status\":403,\"detail\":\"method = GET,HEAD: the method is POST\",\"route\":\"api\","
                            + "\"asked\":\"POST http://127.0.0.1:" + upstream.port() + "/user\",\"jti\":\"" + id.ulid()
                            + "\",\"prohibitions\":[{\"caveat\":\"method = GET,HEAD\",\"why\":\"the method is POST\"},"
                            + "{\"caveat\":\"path = /repos/acme/**\",\"why\":\"the path is /user\"}],"
                            + "\"explain\":\"credfs verify --key FILE --access 'POST http://127.0.0.1:"
                            + upstream.port() + "/user'\"}\n");
        }
        assertThat(upstream.requests).isEmpty();
        AuditEvent.RefusedRequest refused =
                gateway.log.of(AuditEvent.RefusedRequest.class).get(0);
        assertThat(refused.tokenId()).isEqualTo(id.ulid());
        assertThat(refused.failure()).isEqualTo(Failure.CAVEAT_NOT_CLEARED);
    }

    @Test
    void hostCaveatIsAboutTheUpstreamReallyConnectedTo() throws Exception {
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", token("host = api.github.com")))
                            .reply()
                            .status())
                    .isEqualTo(403);
            assertThat(client.send(get("/api/", token("host = 127.0.0.1:" + upstream.port())))
                            .reply()
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void expiredTokenIsRejectedWithAChallenge() throws Exception {
        String token = token();
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", token)).reply().status()).isEqualTo(200);
            gateway.nowOrLater = Instant.now().plus(Duration.ofMinutes(6));
            RawClient.Reply reply = client.send(get("/api/", token)).reply();
            assertThat(reply.status()).isEqualTo(401);
            assertThat(reply.field("www-authenticate")).startsWith("Bearer ");
            gateway.nowOrLater = Instant.EPOCH;
            assertThat(client.send(get("/api/", token)).reply().status())
                    .as("a clock turned back does not revive it")
                    .isEqualTo(401);
        }
    }

    @Test
    void masterItselfClearsNothing() throws Exception {
        String master = new String(GatewayFixture.master().revealMasterFile(), StandardCharsets.US_ASCII).strip();
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", master)).reply().status()).isEqualTo(403);
        }
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void noTokenUnknownRouteOtherHostAndTwoTokensAreRefused() throws Exception {
        try (RawClient client = gateway.unix()) {
            assertThat(client.send("GET /api/ HTTP/1.1\r\nHost: gateway\r\n\r\n")
                            .reply()
                            .status())
                    .isEqualTo(401);
            assertThat(client.send(get("/nowhere/x", token())).reply().status()).isEqualTo(404);
            assertThat(client.send(get("/api/", token()).replace("Host: gateway", "Host: evil.example"))
                            .reply()
                            .status())
                    .isEqualTo(421);
            assertThat(client.send(get("/api/", token()).replace("\r\n\r\n", "\r\nX-Api-Key: " + token() + "\r\n\r\n"))
                            .reply()
                            .status())
                    .isEqualTo(400);
        }
        assertThat(upstream.requests).isEmpty();
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class)).hasSize(4);
    }

    @Test
    void containerCaveatClearsOnlyForThatContainerAndOnlyOnTheUnixSocket() throws Exception {
        Container mine = new Container("agent-7");
        String token = token("container = " + mine.idSha256());
        gateway.container = mine;
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", token)).reply().status()).isEqualTo(200);
        }
        gateway.container = new Container("agent-8");
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", token)).reply().body())
                    .contains("the presenter is not in that container");
        }
        gateway.container = Container.HOST;
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", token)).reply().status()).isEqualTo(403);
        }
        try (RawClient client = gateway.tcp()) {
            assertThat(client.send(get("/api/", token)).reply().body())
                    .contains("this verifier does not see which container presents the token");
        }
        assertThat(upstream.requests).hasSize(1);
    }

    @Test
    void clientIpCaveatClearsOnlyOnTcp() throws Exception {
        String token = token("client-ip = 127.0.0.0/8");
        try (RawClient tcp = gateway.tcp();
                RawClient unix = gateway.unix()) {
            assertThat(tcp.send(get("/api/", token)).reply().status()).isEqualTo(200);
            assertThat(unix.send(get("/api/", token)).reply().status()).isEqualTo(403);
        }
    }

    @Test
    void whatTheTokenWasSpentOnIsOnTheRecordBeforeAndAfter() throws Exception {
        TokenId id = GatewayFixture.freshId();
        try (RawClient client = gateway.unix()) {
            client.send(get("/api/user?token=secret", token(id, Duration.ofMinutes(1))))
                    .reply();
        }
        GatewayFixture.eventually(() -> gateway.log.events.size() == 2);
        AuditEvent.Spent spent = gateway.log.of(AuditEvent.Spent.class).get(0);
        assertThat(spent.tokenId()).isEqualTo(id.ulid());
        assertThat(spent.asked()).isEqualTo("GET http://127.0.0.1:" + upstream.port() + "/user");
        assertThat(spent.peer()).contains("/usr/bin/curl");
        AuditEvent.Answered answered = gateway.log.of(AuditEvent.Answered.class).get(0);
        assertThat(List.of(answered.status(), answered.responseBytes(), answered.request()))
                .isEqualTo(List.of(200, 5L, spent.request()));
    }

    @Test
    void withoutARecordNothingIsForwarded() throws Exception {
        gateway.log.full = true;
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/", token())).reply().status()).isEqualTo(503);
            assertThat(client.send("GET /api/ HTTP/1.1\r\nHost: gateway\r\n\r\n")
                            .reply()
                            .status())
                    .isEqualTo(503);
            gateway.log.full = false;
            assertThat(client.send(get("/api/", token())).reply().status()).isEqualTo(200);
        }
        assertThat(upstream.requests).hasSize(1);
    }
}
