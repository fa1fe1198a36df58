package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Targets and hosts that would lead a request astray: nothing is forwarded, and the credential never arrives at the second
 * loopback address, where an attacker listens.
 */
@Timeout(30)
final class PathTricksTest {
    @TempDir
    private static Path directory;

    private static RecordingUpstream upstream;
    private static RecordingUpstream attacker;
    private static GatewayFixture gateway;

    @BeforeAll
    static void start() throws Exception {
        upstream = RecordingUpstream.saying("ok");
        attacker = new RecordingUpstream(
                new ServerSocket(),
                "127.0.0.2",
                (request, out, socket) -> out.write(RecordingUpstream.response("200 OK", "")));
        gateway = new GatewayFixture(directory)
                .route("api", upstream.port(), new Placement.Bearer())
                .route(
                        "based",
                        Upstream.parse("http://127.0.0.1:" + upstream.port() + "/v1", true, java.util.List.of()),
                        new Placement.Bearer())
                .route("query", upstream.port(), new Placement.Query("key"))
                .start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        upstream.close();
        attacker.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//EVIL/x",
                "/api//EVIL/x",
                "/api//x",
                "http://EVIL/api/x",
                "https://EVIL/x",
                "http://gateway/api/x",
                "*",
                "EVIL",
                "api/x",
                "/api/../EVIL",
                "/api/..",
                "/api/.",
                "/api/./x",
                "/api/a/../../x",
                "/api/%2e%2e/x",
                "/api/%2E./x",
                "/api/.%2e/x",
                "/api/%2e/x",
                "/api/a%2fb",
                "/api/a%2Fb",
                "/api/a%5cb",
                "/api/a%5Cb",
                "/api/a\\b",
                "/api/\\EVIL",
                "/api/a%00b",
                "/api/a%0ab",
                "/api/a%0d%0ab",
                "/api/a%7fb",
                "/api/a%25b",
                "/api/%252e%252e/x",
                "/api/a;b",
                "/api/..;/x",
                "/api/a%3bb",
                "/api/a%",
                "/api/a%2",
                "/api/a%zz",
                "/api/a|b",
                "/api/a\"b",
                "/api/a#b",
                "/api/a?x#y",
                "/based/../../x",
                "/query/x?key=mine",
                "/query/x?a=1&KEY=mine",
                "/query/x?k%65y=mine",
                "/query/x?a=1;key=mine"
            })
    void targetIsRefusedAndNothingForwarded(String target) throws Exception {
        assertRefusedAndNothingForwarded(target, 400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/..api/x", "/API/x", "/ap%69/x", "/@EVIL/x", "/x@EVIL/y", "/", "/api.", "/%2fapi/x"})
    void routeIsNamedByTheExactSegment(String target) throws Exception {
        assertRefusedAndNothingForwarded(target, 404);
    }

    private void assertRefusedAndNothingForwarded(String target, int status) throws Exception {
        int before = upstream.requests.size();
        String evil = "127.0.0.2:" + attacker.port();
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get(target.replace("EVIL", evil), token()))
                            .reply()
                            .status())
                    .isEqualTo(status);
        }
        assertThat(upstream.requests).hasSize(before);
        assertThat(attacker.connections.get()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"EVIL", "gateway@EVIL", "EVIL@gateway", "gateway.evil", "gateway:80@EVIL", "127.0.0.1", ""})
    void otherHostIsMisdirected(String host) throws Exception {
        int before = upstream.requests.size();
        String evil = "127.0.0.2:" + attacker.port();
        try (RawClient client = gateway.unix()) {
            String request = get("/api/x", token()).replace("Host: gateway", "Host: " + host.replace("EVIL", evil));
            assertThat(client.send(request).reply().status()).isEqualTo(421);
        }
        assertThat(upstream.requests).hasSize(before);
        assertThat(attacker.connections.get()).isZero();
    }

    @Test
    void whatIsForwardedIsWhatWasCleared() throws Exception {
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/based/a%20b/@me:x/?q=%2e%2e/", token("path = /v1/**")))
                            .reply()
                            .status())
                    .isEqualTo(200);
        }
        assertThat(upstream.requests.get(upstream.requests.size() - 1).line())
                .isEqualTo("GET /v1/a%20b/@me:x/?q=%2e%2e/ HTTP/1.1");
    }
}
