package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An upstream that hangs, breaks off, lies or lives elsewhere (rows 59, 60, 63, 67, 69 of the faults). */
@Timeout(30)
final class UpstreamFaultsTest {
    private static final Limits SHORT = new Limits(
            Duration.ofSeconds(1),
            Duration.ofSeconds(5),
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ofMillis(500),
            Duration.ofMillis(500),
            Duration.ofSeconds(1),
            100,
            3);

    @TempDir
    private Path directory;

    private interface Check {
        void run(GatewayFixture gateway, RawClient client, RecordingUpstream upstream) throws Exception;
    }

    private void against(RecordingUpstream.Answer answer, Check check) throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream(answer);
                GatewayFixture gateway = new GatewayFixture(directory)
                        .limits(SHORT)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            check.run(gateway, client, upstream);
        }
    }

    private static boolean hangsIn(RecordingUpstream.Request request) {
        return request.line().contains("/hang");
    }

    @Test
    void hangBeforeTheHeadIsATimeoutAndTheNextRequestIsServed() throws Exception {
        against(
                (request, out, socket) -> {
                    if (hangsIn(request)) {
                        Thread.currentThread().join();
                    }
                    out.write(RecordingUpstream.response("200 OK", "ok"));
                },
                (gateway, client, upstream) -> {
                    // The first request of a JVM loads half of it.
                    client.send(get("/api/x", token())).reply();
                    long began = System.nanoTime();
                    assertThat(client.send(get("/api/hang", token())).reply().status())
                            .isEqualTo(504);
                    assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofMillis(1500));
                    assertThat(client.send(get("/api/x", token())).reply().status())
                            .isEqualTo(200);
                });
    }

    @Test
    void hangInTheBodyEndsTheConnectionAndTheNextRequestIsServed() throws Exception {
        against(
                (request, out, socket) -> {
                    if (hangsIn(request)) {
                        out.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
                                .getBytes(StandardCharsets.US_ASCII));
                        out.flush();
                        Thread.currentThread().join();
                    }
                    out.write(RecordingUpstream.response("200 OK", "ok"));
                },
                (gateway, client, upstream) -> {
                    assertThat(client.send(get("/api/hang", token())).readToEnd())
                            .endsWith("half");
                    try (RawClient next = gateway.unix()) {
                        assertThat(next.send(get("/api/x", token())).reply().status())
                                .isEqualTo(200);
                    }
                });
    }

    @Test
    void bodyThatBreaksOffIsNotPassedAsWhole() throws Exception {
        against(
                (request, out, socket) -> {
                    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
                    out.flush();
                    socket.close();
                },
                (gateway, client, upstream) -> assertThat(
                                client.send(get("/api/x", token())).readToEnd())
                        .contains("half")
                        .doesNotContain("\r\n0\r\n"));
    }

    @Test
    void resetIsABadGateway() throws Exception {
        against(
                (request, out, socket) -> {
                    socket.setSoLinger(true, 0);
                    socket.close();
                },
                (gateway, client, upstream) -> {
                    assertThat(client.send(get("/api/x", token())).reply().status())
                            .isEqualTo(502);
                });
    }

    @Test
    void keptConnectionThatTheUpstreamClosedIsReplacedOnce() throws Exception {
        against(
                (request, out, socket) -> {
                    out.write(RecordingUpstream.response("200 OK", "ok"));
                    if (request.line().contains("/last")) {
                        out.flush();
                        socket.close();
                    }
                },
                (gateway, client, upstream) -> {
                    for (int i = 0; i < 20; i++) {
                        assertThat(client.send(get("/api/last", token()))
                                        .reply()
                                        .status())
                                .isEqualTo(200);
                    }
                    assertThat(upstream.requests).hasSize(20);
                });
    }

    @Test
    void refusedConnectionIsABadGateway() throws Exception {
        int free;
        try (ServerSocket socket = new ServerSocket(0)) {
            free = socket.getLocalPort();
        }
        try (GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", free, new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            RawClient.Reply reply = client.send(get("/api/x", token())).reply();
            assertThat(reply.status()).isEqualTo(502);
            assertThat(reply.body()).contains("refuses the connection");
        }
    }

    @Test
    void httpsToAPlainUpstreamNeverFallsBack() throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("secret")) {
            Upstream tls = Upstream.parse("https://127.0.0.1:" + upstream.port(), true, List.of());
            try (GatewayFixture gateway = new GatewayFixture(directory)
                            .limits(SHORT)
                            .route("api", tls, new Placement.Bearer())
                            .start();
                    RawClient client = gateway.unix()) {
                assertThat(client.send(get("/api/x", token())).reply().status()).isIn(502, 504);
            }
            assertThat(upstream.requests)
                    .noneMatch(request -> request.head().contains(CREDENTIAL)
                            || request.body().contains(CREDENTIAL));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "10.1.2.3",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "0.0.0.0",
                "::1",
                "fd00:ec2::254",
                "fe80::1",
                "::ffff:127.0.0.1",
                "64:ff9b::7f00:1",
                "2002:7f00:1::"
            })
    void nameThatFlipsToAnAddressOfOursIsNotConnectedTo(String address) throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("ok")) {
            Upstream named = Upstream.parse("http://api.example.com:" + upstream.port(), false, List.of());
            InetAddress[] flipped = {InetAddress.getByName("93.184.216.34"), InetAddress.getByName(address)};
            try (GatewayFixture gateway = new GatewayFixture(directory)
                            .names(host -> flipped)
                            .route("api", named, new Placement.Bearer())
                            .start();
                    RawClient client = gateway.unix()) {
                RawClient.Reply reply = client.send(get("/api/x", token())).reply();
                assertThat(reply.status()).isEqualTo(502);
                assertThat(reply.body()).contains("is not public").doesNotContain("explain");
            }
            assertThat(upstream.connections.get()).isZero();
        }
    }

    @Test
    void linkLocalIsRefusedEvenForAPrivateRoute() throws IOException {
        assertThat(AddressRule.allows(InetAddress.getByName("169.254.169.254"), true))
                .isFalse();
        assertThat(AddressRule.why(InetAddress.getByName("169.254.169.254")))
                .contains("never connected to: link-local")
                .doesNotContain("private: true");
        assertThat(AddressRule.allows(InetAddress.getByName("10.0.0.1"), true)).isTrue();
        assertThat(AddressRule.why(InetAddress.getByName("10.0.0.1"))).contains("say 'private: true'");
        assertThat(AddressRule.allows(InetAddress.getByName("93.184.216.34"), false))
                .isTrue();
        assertThat(AddressRule.allows(InetAddress.getByName("2606:4700::1111"), false))
                .isTrue();
    }

    @Test
    void redirectIsReturned() throws Exception {
        against(
                (request, out, socket) -> out.write(RecordingUpstream.response(
                        "302 Found", "", "Location: http://127.0.0.2/elsewhere", "Set-Cookie: session=1")),
                (gateway, client, upstream) -> {
                    RawClient.Reply reply = client.send(get("/api/x", token())).reply();
                    assertThat(reply.status()).isEqualTo(302);
                    assertThat(reply.field("location")).isEqualTo("http://127.0.0.2/elsewhere");
                    assertThat(reply.field("set-cookie")).isEmpty();
                });
    }

    @Test
    void clientThatGoesAwayTakesItsUpstreamRequestWithIt() throws Exception {
        against(
                (request, out, socket) -> {
                    out.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
                    byte[] chunk = ("400\r\n" + "x".repeat(1024) + "\r\n").getBytes(StandardCharsets.US_ASCII);
                    while (true) {
                        out.write(chunk);
                    }
                },
                (gateway, client, upstream) -> {
                    for (int i = 0; i < 50; i++) {
                        try (RawClient leaving = gateway.unix()) {
                            leaving.send(get("/api/x", token())).readAtLeast(100_000);
                        }
                    }
                    GatewayFixture.eventually(() -> upstream.openConnections() == 0);
                });
    }

    @Test
    void slowClientStopsTheReadingOfTheUpstream() throws Exception {
        long[] written = new long[1];
        against(
                (request, out, socket) -> {
                    out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    byte[] piece = new byte[64 * 1024];
                    while (true) {
                        out.write(piece);
                        synchronized (written) {
                            written[0] += piece.length;
                        }
                    }
                },
                (gateway, client, upstream) -> {
                    client.send(get("/api/x", token()));
                    // Nobody reads: after the slow reader's limit the gateway gives up on it.
                    GatewayFixture.eventually(() -> upstream.openConnections() == 0 && !upstream.requests.isEmpty());
                    synchronized (written) {
                        assertThat(written[0]).isLessThan(64L * 1024 * 1024);
                    }
                });
    }

    @Test
    void clientThatAsksOnAndReadsNothingIsNoLongerHeard() throws Exception {
        against(
                (request, out, socket) -> out.write(RecordingUpstream.response("200 OK", "x".repeat(4096))),
                (gateway, client, upstream) -> {
                    String many = get("/api/x", token()).repeat(50);
                    // Nobody reads: at some point nothing more is taken, and after the slow reader's limit it is
                    // closed.
                    assertThatThrownBy(() -> {
                                // More than the buffers of both sockets hold.
                                for (int i = 0; i < 2000; i++) {
                                    client.send(many);
                                }
                            })
                            .isInstanceOf(IOException.class);
                    assertThat(upstream.requests).hasSizeBetween(2, 1000);
                });
    }

    @Test
    void ofTooManySlowReadersAsManyGiveWay() throws Exception {
        RecordingUpstream.Answer endless = (request, out, socket) -> {
            out.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] piece = new byte[64 * 1024];
            while (!request.line().contains("/short")) {
                out.write(piece);
            }
            socket.close();
        };
        Limits patient = new Limits(
                SHORT.head(),
                SHORT.idle(),
                SHORT.body(),
                SHORT.connect(),
                SHORT.answer(),
                Duration.ofMinutes(1),
                Duration.ofMinutes(1),
                100,
                SHORT.slowReaders());
        List<RawClient> slow = new ArrayList<>();
        try (RecordingUpstream upstream = new RecordingUpstream(endless);
                GatewayFixture gateway = new GatewayFixture(directory)
                        .limits(patient)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start()) {
            for (int i = 0; i < 5; i++) {
                int open = upstream.requests.size() + 1;
                slow.add(gateway.unix().send(get("/api/endless", token())));
                GatewayFixture.eventually(() -> upstream.requests.size() == open);
            }
            GatewayFixture.eventually(() -> upstream.openConnections() == 3);
            int gone = 0;
            for (RawClient client : slow) {
                gone += endsSoon(client) ? 1 : 0;
            }
            assertThat(gone).isEqualTo(2);
            try (RawClient quick = gateway.unix()) {
                assertThat(quick.send(get("/api/short", token())).reply().status())
                        .isEqualTo(200);
            }
            GatewayFixture.eventually(() -> upstream.openConnections() == 3);
        } finally {
            for (RawClient client : slow) {
                client.close();
            }
        }
    }

    /** Whether the end comes after no more than can have waited on the way. */
    private static boolean endsSoon(RawClient client) throws IOException {
        for (int bytes = 0; bytes < 64 * 1024 * 1024; ) {
            int some = client.readSome().length;
            if (some == 0) {
                return true;
            }
            bytes += some;
        }
        return false;
    }

    @Test
    void eventsPassAsTheyCome() throws Exception {
        against(
                (request, out, socket) -> {
                    out.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n"
                            .getBytes(StandardCharsets.US_ASCII));
                    out.flush();
                    Thread.currentThread().join();
                },
                (gateway, client, upstream) -> {
                    client.send(get("/api/events", token()));
                    String seen = client.readAtLeast(1);
                    while (!seen.contains("data: 1\n\n")) {
                        seen += client.readAtLeast(1);
                    }
                });
    }

    @Test
    void headAndNoContentHaveNoBody() throws Exception {
        against(
                (request, out, socket) -> {
                    if (request.line().startsWith("HEAD")) {
                        out.write(
                                "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    } else {
                        out.write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                    }
                },
                (gateway, client, upstream) -> {
                    client.send(get("/api/x", token()).replace("GET", "HEAD"));
                    assertThat(client.replyToHead().field("content-length")).isEqualTo("1234");
                    assertThat(client.send(get("/api/x", token())).reply().status())
                            .isEqualTo(204);
                    client.send(get("/nowhere", token()).replace("GET", "HEAD"));
                    assertThat(client.replyToHead().status()).isEqualTo(404);
                    assertThat(client.send(get("/api/x", token())).reply().status())
                            .isEqualTo(204);
                });
    }

    @Test
    void clientThatAsksFirstIsToldToGoOnByTheUpstream() throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) -> {
                            out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                            out.flush();
                            String body = new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
                            out.write(RecordingUpstream.response("200 OK", body));
                        })
                        .leavingBodies();
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            client.send("PUT /api/x HTTP/1.1\r\nHost: gateway\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
                    + "Authorization: Bearer " + token() + "\r\n\r\n");
            assertThat(client.reply().status()).isEqualTo(100);
            assertThat(client.send("hello").reply().body()).isEqualTo("hello");
        }
    }

    @Test
    void slowHeadIsAnsweredAndEnded() throws Exception {
        against(
                (request, out, socket) -> out.write(RecordingUpstream.response("200 OK", "ok")),
                (gateway, client, upstream) -> {
                    client.send("GET /api/x HTTP/1.1\r\nHos");
                    assertThat(client.reply().status()).isEqualTo(408);
                    assertThat(client.closed()).isTrue();
                });
    }
}
