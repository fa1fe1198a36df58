package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.caveat.TokenId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Prometheus reads, and what it cannot. */
@Timeout(60)
final class MetricsTest {
    @TempDir
    private Path directory;

    private static RawClient.Reply scrape(GatewayFixture gateway, String request) throws IOException {
        try (RawClient client = RawClient.tcp(gateway.metricsPort())) {
            RawClient.Reply reply = client.send(request).reply();
            assertThat(client.closed()).isTrue();
            return reply;
        }
    }

    private static String scrape(GatewayFixture gateway) throws IOException {
        RawClient.Reply reply = scrape(gateway, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.field("content-type")).startsWith("text/plain; version=0.0.4");
        return reply.body();
    }

    /** Waits for the line: the last record of an exchange is written when its answer is already out. */
    private static void has(GatewayFixture gateway, String line) {
        GatewayFixture.eventually(() -> {
            try {
                return scrape(gateway).lines().anyMatch(line::equals);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void countsWhatWasAnsweredByRouteStatusAndReason() throws Exception {
        TokenId id = GatewayFixture.freshId();
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) -> out.write(
                        RecordingUpstream.response("200 OK", request.line().contains("echo") ? CREDENTIAL : "hello")));
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            String token = token(id, Duration.ofMinutes(5), "method = GET,PUT");
            for (int i = 0; i < 3; i++) {
                client.send(get("/api/secret-path", token)).reply();
            }
            client.send("PUT /api/x HTTP/1.1\r\nHost: gateway\r\nContent-Length: 4\r\nAuthorization: Bearer " + token
                            + "\r\n\r\nbody")
                    .reply();
            client.send(get("/api/x", token).replace("GET", "DELETE")).reply();
            client.send(get("/nowhere-at-all/x", token)).reply();
            client.send(get("/api/echo", token)).reply();
            has(gateway, "credfs_gateway_requests_total{reason=\"\",route=\"api\",status=\"200\"} 4.0");
            has(
                    gateway,
                    "credfs_gateway_requests_total{reason=\"caveat-not-cleared\",route=\"api\",status=\"403\"} 1.0");
            has(gateway, "credfs_gateway_requests_total{reason=\"no-such-path\",route=\"\",status=\"404\"} 1.0");
            has(gateway, "credfs_gateway_requests_total{reason=\"response-blocked\",route=\"api\",status=\"502\"} 1.0");
            has(gateway, "credfs_gateway_body_bytes_total{direction=\"request\",route=\"api\"} 4.0");
            has(gateway, "credfs_gateway_body_bytes_total{direction=\"response\",route=\"api\"} 20.0");
            has(gateway, "credfs_gateway_request_duration_seconds_count{route=\"api\"} 5");
            has(gateway, "credfs_gateway_request_duration_seconds_bucket{route=\"api\",le=\"+Inf\"} 5");
            has(gateway, "credfs_gateway_connections 1.0");
            has(gateway, "credfs_gateway_audit_failures_total 0.0");
            assertThat(scrape(gateway))
                    .doesNotContain("secret-path", "nowhere-at-all", id.ulid(), token, CREDENTIAL, "127.0.0.1");
        }
    }

    @Test
    void countsRecordsThatCouldNotBeWrittenAndRevocationsInForce() throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("ok");
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            has(gateway, "credfs_gateway_revocations 0.0");
            gateway.log.full = true;
            assertThat(client.send(get("/api/x", token())).reply().status()).isEqualTo(503);
            gateway.log.full = false;
            GatewayFixture.eventually(() -> {
                try {
                    return !scrape(gateway).contains("credfs_gateway_audit_failures_total 0.0");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            Path list = GatewayConfig.revocations(directory.resolve("state"));
            Files.writeString(list, "jti " + GatewayFixture.freshId().ulid() + "\n", StandardCharsets.US_ASCII);
            has(gateway, "credfs_gateway_revocations 1.0");
            Files.writeString(list, "nonsense\n", StandardCharsets.US_ASCII);
            has(gateway, "credfs_gateway_revocations NaN");
        }
    }

    @Test
    void nothingElseIsAnsweredThereAndNothingOfItOnTheGatewaysOwnListeners() throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("ok");
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            assertThat(scrape(gateway, get("/api/x", token())).status()).isEqualTo(404);
            assertThat(scrape(gateway, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
                            .status())
                    .isEqualTo(405);
            assertThat(scrape(gateway, "GET /metrics HTTP/1.1\r\nbad\r\n\r\n").status())
                    .isIn(200, 400);
            assertThat(client.send(get("/metrics", token())).reply().status()).isEqualTo(404);
            assertThat(upstream.requests).isEmpty();
        }
    }
}
