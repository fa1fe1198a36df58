package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an SDK of AWS hears where it asks its container for credentials. */
@Timeout(30)
final class ContainerCredentialsTest {
    @TempDir
    private Path directory;

    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        gateway = new GatewayFixture(directory)
                .route(new Route(
                        "credentials",
                        Upstream.parse("http://gateway", false, List.of()),
                        new Credential.Placeholder(),
                        Identity.ByToken.usual(),
                        false,
                        true))
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private RawClient.Reply ask(String line, String fields) throws Exception {
        try (RawClient client = gateway.unix()) {
            return client.send(line + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n")
                    .reply();
        }
    }

    @Test
    void tokenComesBackAsThatOfASessionBesideKeysThatOpenNothing() throws Exception {
        String token = token("host = s3.amazonaws.com", "method = PUT", "path = /bucket/**", "max-calls = 1");
        for (String value : List.of(token, "Bearer " + token)) {
            RawClient.Reply reply = ask("GET /credentials/task", "Authorization: " + value + "\r\n");
            assertThat(reply.status()).isEqualTo(200);
            assertThat(reply.field("content-type")).isEqualTo("application/json");
            assertThat(reply.field("cache-control")).isEqualTo("no-store");
            Map<String, String> json = FlatJson.parse(reply.body().getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(json).containsOnlyKeys("AccessKeyId", "SecretAccessKey", "Token", "Expiration");
            assertThat(json).containsEntry("Token", token);
            assertThat(Duration.between(Instant.now(), Instant.parse(json.getOrDefault("Expiration", ""))))
                    .isBetween(Duration.ofMinutes(4), Duration.ofMinutes(5));
        }
        assertThat(gateway.log.of(AuditEvent.Spent.class)).hasSize(2);
        GatewayFixture.eventually(
                () -> gateway.log.of(AuditEvent.Answered.class).size() == 2);
        assertThat(gateway.log.of(AuditEvent.Answered.class).get(0).toString()).contains("status=200");
    }

    @Test
    void tokenOfAnotherContainerOrTimeOrAudienceGetsNothing() throws Exception {
        gateway.container = new Container("a".repeat(64));
        String other = "container = " + new Container("b".repeat(64)).idSha256();
        assertThat(ask("GET /credentials/", "Authorization: " + token(other) + "\r\n")
                        .status())
                .isEqualTo(403);
        assertThat(ask("GET /credentials/", "Authorization: " + token("aud = elsewhere.local") + "\r\n")
                        .status())
                .isEqualTo(403);
        String expired = token(GatewayFixture.freshId(), Duration.ofSeconds(-5));
        assertThat(ask("GET /credentials/", "Authorization: " + expired + "\r\n")
                        .status())
                .isEqualTo(401);
        assertThat(ask("GET /credentials/", "").status()).isEqualTo(401);
        assertThat(gateway.log.of(AuditEvent.Spent.class)).isEmpty();
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class))
                .extracting(AuditEvent.RefusedRequest::failure)
                .contains(Failure.CAVEAT_NOT_CLEARED, Failure.TOKEN_REJECTED);
    }

    @Test
    void sdkThatComesThroughARelayNamesItsPort() throws Exception {
        try (RawClient client = gateway.unix()) {
            for (String host : List.of(
                    "localhost:3128", "127.0.0.1:40000", "gateway:443", "localhost.example:3128", "evil.example:80")) {
                client.send(
                        "GET /credentials/ HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: " + token() + "\r\n\r\n");
                assertThat(client.reply().status()).as(host).isEqualTo(host.contains("example") ? 421 : 200);
            }
        }
    }

    @Test
    void otherMethodThanGetIsRefused() throws Exception {
        assertThat(ask("POST /credentials/", "Authorization: " + token() + "\r\n")
                        .status())
                .isEqualTo(405);
    }
}
