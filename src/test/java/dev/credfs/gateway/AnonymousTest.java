package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.Caveat;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a route forwards without a token: its own list of methods and paths, and never with the credential. */
@Timeout(30)
final class AnonymousTest {
    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("hello");
        gateway = new GatewayFixture(directory)
                .route(new Route(
                        "open",
                        Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of()),
                        new Credential.Fixed(new Placement.Bearer(), GatewayFixture.credential()),
                        new Identity.ByToken(
                                List.of(),
                                List.of(List.of(
                                        Caveat.parse("method = GET,HEAD"), Caveat.parse("path = /status /docs/**")))),
                        false,
                        true))
                .route("closed", upstream.port(), new Placement.Bearer())
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    private int status(String method, String target) throws Exception {
        try (RawClient client = gateway.unix()) {
            return client.send(method + " " + target + " HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n\r\n")
                    .reply()
                    .status();
        }
    }

    @Test
    void listedRequestIsForwardedWithoutTheCredentialAndRecorded() throws Exception {
        assertThat(status("GET", "/open/status")).isEqualTo(200);
        assertThat(status("GET", "/open/docs/a/b?q=1")).isEqualTo(200);
        assertThat(upstream.requests)
                .hasSize(2)
                .allSatisfy(request -> assertThat(request.head())
                        .doesNotContain(CREDENTIAL)
                        .doesNotContainIgnoringCase("authorization"));
        assertThat(gateway.log.of(AuditEvent.Spent.class))
                .extracting(AuditEvent.Spent::tokenId)
                .containsExactly("", "");
    }

    @Test
    void everyOtherMethodPathAndRouteNeedsAToken() throws Exception {
        assertThat(status("POST", "/open/status")).isEqualTo(401);
        assertThat(status("GET", "/open/status/more")).isEqualTo(401);
        assertThat(status("GET", "/open/user")).isEqualTo(401);
        assertThat(status("GET", "/closed/status")).isEqualTo(401);
        assertThat(status("GET", "/open/docs/../user")).isEqualTo(400);
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void whoShowsATokenIsJudgedByIt() throws Exception {
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/open/status", "bad!")).reply().status())
                    .isEqualTo(400);
            assertThat(client.send(get("/open/status", token("path = /user")))
                            .reply()
                            .status())
                    .isEqualTo(403);
            assertThat(client.send(get("/open/user", token())).reply().status()).isEqualTo(200);
        }
        assertThat(upstream.requests).hasSize(1);
        assertThat(upstream.requests.get(0).field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
    }
}
