package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.eventually;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client of HTTP/1.1 and an upstream that chooses HTTP/2. */
@Timeout(60)
final class Http2UpstreamTest {
    @TempDir
    private static Path keys;

    @TempDir
    private Path directory;

    private static KeyStore key;

    @BeforeAll
    static void makeKey() throws Exception {
        key = TestKeys.make(keys, "h2", "ip:127.0.0.1", "-1d", "30");
    }

    private interface Check {
        void run(GatewayFixture gateway, RawClient client, StreamUpstream upstream) throws Exception;
    }

    private void against(StreamUpstream.Service service, Check check) throws Exception {
        against(service, Http2Settings.defaultSettings(), Limits.DEFAULT, check);
    }

    private void against(StreamUpstream.Service service, Http2Settings settings, Limits limits, Check check)
            throws Exception {
        try (StreamUpstream upstream = new StreamUpstream(key, service, settings)) {
            Upstream tls =
                    Upstream.parse("https://127.0.0.1:" + upstream.port(), true, List.of(TestKeys.certificate(key)));
            try (GatewayFixture gateway = new GatewayFixture(directory)
                            .limits(limits)
                            .route("api", tls, new Placement.Bearer())
                            .start();
                    RawClient client = gateway.unix()) {
                check.run(gateway, client, upstream);
            }
        }
    }

    private static void ok(StreamUpstream.Asked asked) {
        asked.head("200", false, "content-type", "text/plain").data("hello", true);
    }

    private static String post(String target, String fields, String body) {
        return "POST " + target + " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer " + token() + "\r\n" + fields
                + "\r\n" + body;
    }

    @Test
    void requestIsTheSameWithItsCredentialAndOneConnectionServesMany() throws Exception {
        against(Http2UpstreamTest::ok, (gateway, client, upstream) -> {
            for (int i = 0; i < 5; i++) {
                RawClient.Reply reply =
                        client.send(get("/api/repos/x?page=2", token())).reply();
                assertThat(reply.status()).isEqualTo(200);
                assertThat(reply.body()).isEqualTo("hello");
                assertThat(reply.field("content-type")).isEqualTo("text/plain");
            }
            StreamUpstream.Asked asked = upstream.requests.get(0);
            assertThat(asked.path()).isEqualTo("/repos/x?page=2");
            assertThat(asked.field(":method")).isEqualTo("GET");
            assertThat(asked.field(":scheme")).isEqualTo("https");
            assertThat(asked.field(":authority")).isEqualTo("127.0.0.1:" + upstream.port());
            assertThat(asked.head.getAll("authorization")).hasToString("[Bearer " + CREDENTIAL + "]");
            assertThat(asked.head.contains("host")).isFalse();
            assertThat(upstream.requests).hasSize(5).allMatch(each -> each.connection == 1);
            eventually(() -> gateway.log.of(AuditEvent.Answered.class).size() == 5);
        });
    }

    @Test
    void requestsAtOnceAreStreamsOfOneConnectionOnEachEventLoop() throws Exception {
        List<StreamUpstream.Asked> waiting = new ArrayList<>();
        StreamUpstream.Service allAtOnce = asked -> {
            if (asked.path().equals("/first")) {
                ok(asked);
                return;
            }
            synchronized (waiting) {
                waiting.add(asked);
                if (waiting.size() == 20) {
                    waiting.forEach(Http2UpstreamTest::ok);
                }
            }
        };
        against(allAtOnce, (gateway, client, upstream) -> {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                RawClient each = gateway.unix();
                clients.add(each);
                assertThat(each.send(get("/api/first", token())).reply().status())
                        .isEqualTo(200);
            }
            for (RawClient each : clients) {
                each.send(get("/api/x", token()));
            }
            for (RawClient each : clients) {
                assertThat(each.reply().status()).isEqualTo(200);
                each.close();
            }
            assertThat(upstream.connectionsEver.get())
                    .isLessThanOrEqualTo(Math.max(2, Runtime.getRuntime().availableProcessors()));
        });
    }

    @Test
    void bodiesGoThroughHoweverTheirEndIsSaid() throws Exception {
        StreamUpstream.Service echo = asked -> asked.head("200", false).data(asked.body(), true);
        against(echo, (gateway, client, upstream) -> {
            assertThat(client.send(post("/api/x", "Content-Length: 5\r\n", "hello"))
                            .reply()
                            .body())
                    .isEqualTo("hello");
            assertThat(client.send(post("/api/x", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"))
                            .reply()
                            .body())
                    .isEqualTo("hello");
            assertThat(upstream.requests.get(0).field("content-length")).isEqualTo("5");
            assertThat(upstream.requests.get(1).head.contains("transfer-encoding"))
                    .isFalse();
        });
    }

    @Test
    void answersWithoutABody() throws Exception {
        StreamUpstream.Service bodyless = asked -> {
            switch (asked.path()) {
                case "/head" -> asked.head("200", true, "content-length", "1234");
                case "/204" -> asked.head("204", true);
                case "/304" -> asked.head("304", true, "content-length", "99");
                default -> asked.head("200", true);
            }
        };
        against(bodyless, (gateway, client, upstream) -> {
            client.send(get("/api/head", token()).replace("GET", "HEAD"));
            assertThat(client.replyToHead().field("content-length")).isEqualTo("1234");
            RawClient.Reply none = client.send(get("/api/204", token())).reply();
            assertThat(none.status()).isEqualTo(204);
            assertThat(none.field("transfer-encoding")).isEmpty();
            assertThat(client.send(get("/api/304", token())).reply().status()).isEqualTo(304);
            assertThat(client.send(get("/api/empty", token())).reply().body()).isEmpty();
        });
    }

    @Test
    void trailersPassToAClientThatTakesThemByTheRulesOfHeaders() throws Exception {
        StreamUpstream.Service trailing = asked -> asked.head("200", false, "trailer", "x-checksum")
                .data("hello", false)
                .trailers("x-checksum", "1", "set-cookie", "a=b", "content-length", "9", "grpc-status", "0");
        against(trailing, (gateway, client, upstream) -> {
            RawClient.Reply reply = client.send(
                            get("/api/x", token()).replace("\r\n\r\n", "\r\nTE: trailers\r\nConnection: TE\r\n\r\n"))
                    .reply();
            assertThat(reply.body()).isEqualTo("hello");
            assertThat(reply.field("trailer")).isEqualTo("x-checksum");
            assertThat(reply.trailers()).isEqualTo("x-checksum: 1\r\ngrpc-status: 0\r\n");
            assertThat(upstream.requests.get(0).field("te")).isEqualTo("trailers");
            RawClient.Reply without = client.send(get("/api/x", token())).reply();
            assertThat(without.body()).isEqualTo("hello");
            assertThat(without.trailers()).isEmpty();
            assertThat(upstream.requests.get(1).head.contains("te")).isFalse();
        });
    }

    @Test
    void trailersOfARequestPassByTheRulesOfHeaders() throws Exception {
        against(Http2UpstreamTest::ok, (gateway, client, upstream) -> {
            String body = String.join(
                    "\r\n",
                    "5",
                    "hello",
                    "0",
                    "X-Checksum: 1",
                    "Authorization: Bearer other",
                    "X-Forwarded-For: 1.2.3.4",
                    "Content-Type: text/html",
                    "Host: evil",
                    "",
                    "");
            assertThat(client.send(post("/api/x", "Transfer-Encoding: chunked\r\n", body))
                            .reply()
                            .status())
                    .isEqualTo(200);
            assertThat(String.valueOf(upstream.requests.get(0).trailers)).contains("x-checksum: 1");
            assertThat(upstream.requests.get(0).trailers).hasSize(1);
        });
    }

    /** Its head waits for the body, and so the answer can still become another. */
    private static void withLength(StreamUpstream.Asked asked, String body) {
        asked.head("200", false, "content-length", Integer.toString(body.length()))
                .data(body, true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"headers", "trailers", "body", "base64"})
    void credentialInAnAnswerIsBlocked(String where) throws Exception {
        StreamUpstream.Service echoing = asked -> {
            switch (where) {
                case "headers" -> asked.head("200", true, "x-echo", CREDENTIAL);
                case "trailers" ->
                    asked.head("200", false, "content-length", "0").trailers("x-echo", CREDENTIAL);
                case "body" -> withLength(asked, "it is " + CREDENTIAL);
                default ->
                    withLength(
                            asked, Base64.getEncoder().encodeToString(CREDENTIAL.getBytes(StandardCharsets.US_ASCII)));
            }
        };
        against(echoing, (gateway, client, upstream) -> {
            RawClient.Reply reply = client.send(get("/api/x", token()).replace("\r\n\r\n", "\r\nTE: trailers\r\n\r\n"))
                    .reply();
            assertThat(reply.status()).isEqualTo(502);
            assertThat(reply.body()).contains("response-blocked");
            assertThat(reply.head() + reply.body()).doesNotContain(CREDENTIAL);
            eventually(() -> gateway.log.of(AuditEvent.RefusedRequest.class).size() == 1);
        });
    }

    @Test
    void trailersThatHoldTheCredentialEndAnAnswerThatHasBegun() throws Exception {
        StreamUpstream.Service late = asked -> asked.head("200", false).data("x".repeat(1000), false);
        List<StreamUpstream.Asked> begun = new ArrayList<>();
        against(
                asked -> {
                    late.ended(asked);
                    begun.add(asked);
                },
                (gateway, client, upstream) -> {
                    client.send(get("/api/x", token()).replace("\r\n\r\n", "\r\nTE: trailers\r\n\r\n"));
                    client.readAtLeast(500);
                    begun.get(0).trailers("x-echo", CREDENTIAL);
                    assertThat(client.readToEnd()).doesNotContain(CREDENTIAL).doesNotContain("\r\n0\r\n");
                });
    }

    /** What ends in the middle must not look whole to a client that counts chunks or bytes. */
    @ParameterizedTest
    @CsvSource({"reset,", "close,", "short,content-length", "none,content-length", "long,content-length"})
    void answerThatBreaksOffIsNotPassedAsWhole(String how, String field) throws Exception {
        StreamUpstream.Service breaking = asked -> {
            if (field == null) {
                asked.head("200", false).data("half", false);
            } else {
                asked.head("200", how.equals("none"), "content-length", "10");
            }
            switch (how) {
                case "reset" -> asked.reset(Http2Error.INTERNAL_ERROR);
                case "close" -> asked.closeConnection();
                case "short" -> asked.data("half", true);
                case "long" -> asked.data("twice as long", true);
                default -> {}
            }
        };
        against(breaking, (gateway, client, upstream) -> {
            String all = client.send(post("/api/x", "Content-Length: 1\r\nConnection: close\r\n", "x"))
                    .readToEnd();
            if (all.startsWith("HTTP/1.1 200")) {
                assertThat(all).doesNotContain("\r\n0\r\n").doesNotContain("twice as long");
                assertThat(all.substring(all.indexOf("\r\n\r\n") + 4)).hasSizeLessThan(10);
            } else {
                assertThat(all).startsWith("HTTP/1.1 502");
            }
        });
    }

    @Test
    void requestThatTheUpstreamHasNotLookedAtIsSentAgain() throws Exception {
        AtomicInteger refusals = new AtomicInteger();
        StreamUpstream.Service refusing = asked -> {
            if (refusals.getAndIncrement() < 1) {
                asked.reset(Http2Error.REFUSED_STREAM);
            } else {
                ok(asked);
            }
        };
        against(refusing, (gateway, client, upstream) -> {
            String delete = get("/api/x", token()).replace("GET", "DELETE");
            assertThat(client.send(delete).reply().status()).isEqualTo(200);
            refusals.set(0);
            // A body has been sent as it came, and is not there any more.
            assertThat(client.send(post("/api/x", "Content-Length: 5\r\n", "hello"))
                            .reply()
                            .status())
                    .isEqualTo(502);
            refusals.set(1);
            assertThat(client.send(delete).reply().status()).isEqualTo(200);
            assertThat(upstream.requests).hasSize(4);
        });
    }

    @Test
    void upstreamThatRefusesAlwaysIsAskedThreeTimes() throws Exception {
        against(asked -> asked.reset(Http2Error.REFUSED_STREAM), (gateway, client, upstream) -> {
            assertThat(client.send(get("/api/x", token())).reply().status()).isEqualTo(502);
            assertThat(upstream.requests).hasSize(3);
        });
    }

    @Test
    void requestThatIsResetForAnotherReasonIsNotSentAgain() throws Exception {
        against(asked -> asked.reset(Http2Error.INTERNAL_ERROR), (gateway, client, upstream) -> {
            String delete = get("/api/x", token()).replace("GET", "DELETE");
            assertThat(client.send(delete).reply().status()).isEqualTo(502);
            assertThat(upstream.requests).hasSize(1);
        });
    }

    @Test
    void connectionThatGoesAwayIsReplaced() throws Exception {
        AtomicInteger count = new AtomicInteger();
        StreamUpstream.Service leaving = asked -> {
            switch (count.getAndIncrement()) {
                case 0 -> {
                    asked.goAwayAfter();
                    ok(asked);
                }
                case 1 -> ok(asked);
                case 2 -> asked.goAwayBefore();
                default -> ok(asked);
            }
        };
        against(leaving, (gateway, client, upstream) -> {
            for (int i = 0; i < 3; i++) {
                String delete = get("/api/x", token()).replace("GET", "DELETE");
                assertThat(client.send(delete).reply().status()).isEqualTo(200);
            }
            assertThat(upstream.requests).extracting(each -> each.connection).containsExactly(1, 2, 2, 3);
            eventually(() -> upstream.connections.size() == 1);
        });
    }

    @Test
    void upstreamThatTakesOneStreamGetsOneAtATime() throws Exception {
        List<StreamUpstream.Asked> held = new ArrayList<>();
        StreamUpstream.Service holding = asked -> {
            if (asked.path().equals("/held")) {
                held.add(asked);
            } else {
                ok(asked);
            }
        };
        against(
                holding,
                Http2Settings.defaultSettings().maxConcurrentStreams(1),
                Limits.DEFAULT,
                (gateway, client, upstream) -> {
                    List<RawClient> clients = new ArrayList<>();
                    for (int i = 0; i < 8; i++) {
                        RawClient each = gateway.unix();
                        clients.add(each);
                        assertThat(each.send(get("/api/x", token())).reply().status())
                                .isEqualTo(200);
                        each.send(get("/api/held", token()));
                        int sent = i + 1;
                        eventually(() -> held.size() == sent);
                    }
                    assertThat(upstream.connections).hasSize(8);
                    held.forEach(Http2UpstreamTest::ok);
                    for (RawClient each : clients) {
                        assertThat(each.reply().status()).isEqualTo(200);
                        each.close();
                    }
                });
    }

    @Test
    void bothSidesSpeakAtOnce() throws Exception {
        StreamUpstream.Service echo = new StreamUpstream.Service() {
            @Override
            public void begun(StreamUpstream.Asked asked) {
                asked.head("200", false);
            }

            @Override
            public void piece(StreamUpstream.Asked asked, String text) {
                asked.data(text.toUpperCase(java.util.Locale.ROOT), false);
            }

            @Override
            public void ended(StreamUpstream.Asked asked) {
                asked.data("", true);
            }
        };
        against(echo, (gateway, client, upstream) -> {
            client.send(post("/api/x", "Transfer-Encoding: chunked\r\n", "1\r\na\r\n"));
            String seen = "";
            while (!seen.contains("\r\nA\r\n")) {
                seen += client.readAtLeast(1);
            }
            client.send("1\r\nb\r\n");
            while (!seen.contains("\r\nB\r\n")) {
                seen += client.readAtLeast(1);
            }
            client.send("0\r\n\r\n");
            while (!seen.endsWith("0\r\n\r\n")) {
                seen += client.readAtLeast(1);
            }
        });
    }

    @Test
    void answerBeforeTheEndOfItsRequestResetsTheStream() throws Exception {
        StreamUpstream.Service early = new StreamUpstream.Service() {
            @Override
            public void begun(StreamUpstream.Asked asked) {
                asked.head("413", false).data("too much", true);
            }

            @Override
            public void ended(StreamUpstream.Asked asked) {
                // Answered.
            }
        };
        against(early, (gateway, client, upstream) -> {
            RawClient.Reply reply = client.send(post("/api/x", "Content-Length: 1000000\r\n", "x"))
                    .reply();
            assertThat(reply.status()).isEqualTo(413);
            assertThat(reply.field("connection")).isEqualTo("close");
            eventually(() -> upstream.requests.get(0).reset >= 0);
            assertThat(upstream.connections).hasSize(1);
        });
    }

    @Test
    void clientThatGoesAwayResetsItsStreamAlone() throws Exception {
        StreamUpstream.Service silent = asked -> {
            if (!asked.path().equals("/silent")) {
                ok(asked);
            }
        };
        against(silent, (gateway, client, upstream) -> {
            try (RawClient leaving = gateway.unix()) {
                leaving.send(get("/api/silent", token()));
                eventually(() -> upstream.requests.size() == 1);
            }
            eventually(() -> upstream.requests.get(0).reset == Http2Error.CANCEL.code());
            assertThat(upstream.connections).hasSize(1);
        });
    }

    /** 30 MB to one who reads, while another reads nothing: the upstream is held back for that one alone. */
    @Test
    void slowClientHoldsUpNobodyElse() throws Exception {
        byte[] piece = new byte[16 * 1024];
        long total = 30L * 1024 * 1024;
        StreamUpstream.Service pouring = new StreamUpstream.Service() {
            @Override
            public void ended(StreamUpstream.Asked asked) {
                asked.head("200", false);
                writable(asked);
            }

            @Override
            public void writable(StreamUpstream.Asked asked) {
                while (asked.isWritable() && asked.bytes.get() < total) {
                    boolean last = asked.bytes.addAndGet(piece.length) >= total;
                    asked.data(piece, last);
                }
            }
        };
        against(pouring, (gateway, client, upstream) -> {
            List<RawClient> slow = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                slow.add(gateway.unix().send(get("/api/slow", token())));
            }
            eventually(() -> upstream.requests.size() == 20);
            client.send(get("/api/quick", token()));
            long read = 0;
            while (read < total) {
                read += client.readAtLeast(1).length();
            }
            for (StreamUpstream.Asked asked : upstream.requests) {
                if (asked.path().equals("/slow")) {
                    // A window, and what the sockets and the two ends hold.
                    assertThat(asked.bytes.get()).isLessThan(4L * 1024 * 1024);
                }
            }
            for (RawClient each : slow) {
                each.close();
            }
        });
    }

    @Test
    void silentUpstreamIsAskedWhetherItIsThere() throws Exception {
        Limits impatient = new Limits(
                Duration.ofSeconds(10),
                Duration.ofSeconds(60),
                Duration.ofSeconds(30),
                Duration.ofSeconds(3),
                Duration.ofSeconds(60),
                Duration.ofMinutes(5),
                Duration.ofSeconds(60),
                100,
                100);
        StreamUpstream.Service sick = asked -> {
            if (asked.path().equals("/slow")) {
                asked.later(Duration.ofSeconds(10), () -> ok(asked));
            } else {
                // From here on it reads nothing, and so answers no ping.
                asked.stopReading();
            }
        };
        against(sick, Http2Settings.defaultSettings(), impatient, (gateway, client, upstream) -> {
            assertThat(client.send(get("/api/slow", token())).reply().status()).isEqualTo(200);
            assertThat(client.send(get("/api/dead", token()).replace("GET", "DELETE"))
                            .reply()
                            .status())
                    .isEqualTo(502);
        });
    }
}
