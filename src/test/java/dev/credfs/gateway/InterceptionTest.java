package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.eventually;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.HostPattern;
import dev.credfs.policy.Failure;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that know nothing of the gateway: each way in, and whom none of them leads to (row 66). */
@Timeout(60)
final class InterceptionTest {
    @TempDir
    private static Path directory;

    private static TlsUpstream secure;
    private static RecordingUpstream plain;
    private static RecordingUpstream elsewhere;
    private static GatewayFixture gateway;

    /** Where a client believes to be: the port is that of the upstream. */
    private static String api;

    @BeforeAll
    static void start() throws Exception {
        secure = TlsUpstream.named("api.example.com", directory);
        plain = RecordingUpstream.saying("plain");
        elsewhere = RecordingUpstream.saying("elsewhere");
        api = "api.example.com:" + secure.port();
        gateway = new GatewayFixture(directory)
                .route("api", secure.upstream(), new Placement.Bearer())
                .route(
                        "plain",
                        Upstream.parse("http://plain.example.com:" + plain.port(), true, List.of()),
                        new Placement.Bearer())
                .names(host -> new InetAddress[] {InetAddress.getLoopbackAddress()})
                .intercepting(
                        new HostPattern("tunnel.example.com", false, elsewhere.port()),
                        new HostPattern("example.com", true, secure.port()))
                .start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        secure.close();
        plain.close();
        elsewhere.close();
    }

    private static String connect(String to, String... fields) {
        StringBuilder text = new StringBuilder("CONNECT " + to + " HTTP/1.1\r\nHost: " + to + "\r\n");
        for (String field : fields) {
            text.append(field).append("\r\n");
        }
        return text.append("\r\n").toString();
    }

    private static String get(String host, String path, String token) {
        return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n"
                + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n";
    }

    private static TlsClient within(RawClient client, String... fields) throws Exception {
        client.send(connect(api, fields));
        RawClient.Reply consent = client.replyToHead();
        assertThat(consent.status()).as(consent.head()).isEqualTo(200);
        return new TlsClient(client, "api.example.com", "api.example.com", gateway.certificate());
    }

    private static <T> T last(List<T> them) {
        return them.get(them.size() - 1);
    }

    @Test
    void connectIsInterceptedAndTheCredentialPutIn() throws Exception {
        for (RawClient client : List.of(gateway.tcp(), gateway.unix())) {
            try (TlsClient tls = within(client)) {
                assertThat(tls.applicationProtocol()).isEqualTo("http/1.1");
                for (int i = 0; i < 3; i++) {
                    RawClient.Reply reply = tls.send(get(api, "/user?page=" + i, token("path = /user")))
                            .reply();
                    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
                    assertThat(reply.body()).isEqualTo("secure");
                }
            }
            RecordingUpstream.Request seen = last(secure.requests());
            assertThat(seen.line()).isEqualTo("GET /user?page=2 HTTP/1.1");
            assertThat(seen.field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
            assertThat(seen.field("host")).isEqualTo(api);
            List<AuditEvent.Spent> spent = gateway.log.of(AuditEvent.Spent.class);
            assertThat(spent.get(spent.size() - 1).asked()).isEqualTo("GET https://" + api + "/user");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void bothVersionsOfTlsAreSpoken(String version) throws Exception {
        RawClient client = gateway.tcp();
        client.send(connect(api)).replyToHead();
        try (TlsClient tls =
                new TlsClient(client, "api.example.com", "api.example.com", gateway.certificate(), version)) {
            assertThat(tls.send(get(api, "/", token())).reply().status()).isEqualTo(200);
        }
    }

    @Test
    void oldClientsConnectWithoutAHostField() throws Exception {
        RawClient client = gateway.tcp();
        client.send("CONNECT " + api + " HTTP/1.0\r\n\r\n");
        assertThat(client.replyToHead().status()).isEqualTo(200);
        try (TlsClient tls = new TlsClient(client, "api.example.com", "api.example.com", gateway.certificate())) {
            assertThat(tls.send(get(api, "/", token())).reply().status()).isEqualTo(200);
        }
    }

    @Test
    void whatIsSentAheadOfTheConsentIsNotLost() throws Exception {
        RawClient client = gateway.tcp();
        client.send(connect("plain.example.com:" + plain.port())
                + get("plain.example.com:" + plain.port(), "/ahead", token()));
        assertThat(client.replyToHead().status()).isEqualTo(200);
        assertThat(client.reply().body()).isEqualTo("plain");
        assertThat(last(plain.requests).line()).isEqualTo("GET /ahead HTTP/1.1");
    }

    @Test
    void tokenOfTheConnectIsThatOfEveryRequestInIt() throws Exception {
        String token = token("path = /user");
        String pair = Base64.getEncoder().encodeToString(("x:" + token).getBytes(StandardCharsets.US_ASCII));
        String alone = Base64.getEncoder().encodeToString((token + ":").getBytes(StandardCharsets.US_ASCII));
        for (String field : List.of("Basic " + pair, "Basic " + alone, "Bearer " + token)) {
            try (TlsClient tls = within(gateway.tcp(), "Proxy-Authorization: " + field)) {
                // What a client was given as a dummy goes nowhere.
                assertThat(tls.send(get(api, "/user", "dummy")).reply().status())
                        .isEqualTo(200);
                assertThat(last(secure.requests()).field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
                assertThat(tls.send(get(api, "/other", "")).reply().status()).isEqualTo(403);
            }
        }
    }

    @Test
    void withoutATokenNothingIsForwarded() throws Exception {
        int before = secure.requests().size();
        try (TlsClient tls = within(gateway.tcp())) {
            assertThat(tls.send(get(api, "/user", "")).reply().status()).isEqualTo(401);
        }
        assertThat(secure.requests()).hasSize(before);
    }

    @Test
    void tlsOnAListenerIsRoutedByItsServerName() throws Exception {
        for (RawClient client : List.of(gateway.tcp(), gateway.unix())) {
            try (TlsClient tls = new TlsClient(client, "api.example.com", "api.example.com", gateway.certificate())) {
                assertThat(tls.send(get(api, "/sni", token())).reply().body()).isEqualTo("secure");
            }
            assertThat(last(secure.requests()).line()).isEqualTo("GET /sni HTTP/1.1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"other.example.com", ""})
    void tlsToAnotherHostOrToNobodyIsRefused(String serverName) throws Exception {
        int before = gateway.log.of(AuditEvent.RefusedRequest.class).size();
        assertThatThrownBy(() -> new TlsClient(gateway.tcp(), serverName, "", null))
                .hasMessageContaining("unrecognized_name");
        eventually(() -> gateway.log.of(AuditEvent.RefusedRequest.class).size() > before);
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class).get(before).why())
                .contains(serverName.isEmpty() ? "SNI" : "no route leads to other.example.com:443");
    }

    @Test
    void plainHttpIsRoutedByItsHostField() throws Exception {
        String host = "plain.example.com:" + plain.port();
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get(host, "/by/host", token())).reply().body())
                    .isEqualTo("plain");
            assertThat(last(plain.requests).field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
            // What the client says in the clear leaves as TLS where the route is TLS.
            assertThat(client.send(get(api, "/by/host", token())).reply().body())
                    .isEqualTo("secure");
            // The gateway's own names are there as well.
            assertThat(client.send(get("gateway", "/plain/by/name", token()))
                            .reply()
                            .body())
                    .isEqualTo("plain");
            assertThat(last(plain.requests).line()).isEqualTo("GET /by/name HTTP/1.1");
        }
    }

    @Test
    void requestForAWholeUrlIsRoutedByIt() throws Exception {
        String host = "plain.example.com:" + plain.port();
        String proxy = "Proxy-Authorization: Bearer " + token("method = GET") + "\r\n";
        try (RawClient client = gateway.tcp()) {
            RawClient.Reply reply = client.send(
                            "GET http://" + host + "/whole?q HTTP/1.1\r\nHost: " + host + "\r\n" + proxy + "\r\n")
                    .reply();
            assertThat(reply.body()).isEqualTo("plain");
            assertThat(last(plain.requests).line()).isEqualTo("GET /whole?q HTTP/1.1");
            assertThat(last(plain.requests).head()).doesNotContain("roxy");
            assertThat(client.send("GET https://" + api + " HTTP/1.1\r\nHost: " + api + "\r\n" + proxy + "\r\n")
                            .reply()
                            .body())
                    .isEqualTo("secure");
            assertThat(client.send("GET http://gateway/plain/x HTTP/1.1\r\nHost: gateway\r\n" + proxy + "\r\n")
                            .reply()
                            .body())
                    .isEqualTo("plain");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "other.example.com:443, 403",
        "api.example.com:1, 403",
        "127.0.0.1:443, 403",
        "tunnel.example.com:443, 403",
        "api.example.com, 400",
        "api.example.com:, 400",
        "api.example.com:0443, 400",
        "api.example.com:65536, 400",
        "x@api.example.com:443, 400",
        "api.example.com:443/x, 400",
        "127.1:443, 400",
        "0x7f.1:443, 400",
        "[::1]:443, 400",
        "api.example.com.:443, 400",
        "a..b:443, 400"
    })
    void otherHostsAreRefusedByName(String to, int status) throws Exception {
        try (RawClient client = gateway.tcp()) {
            RawClient.Reply reply = client.send(connect(to)).reply();
            assertThat(reply.status()).isEqualTo(status);
            if (status == 403) {
                assertThat(reply.body()).contains("no route leads to " + to + ", and 'tunnel' does not list it");
            }
            assertThat(client.closed()).isTrue();
        }
    }

    @Test
    void hostOfAConnectAndItsHostFieldAgree() throws Exception {
        try (RawClient client = gateway.tcp()) {
            String request = connect(api).replace("Host: " + api, "Host: other.example.com");
            assertThat(client.send(request).reply().status()).isEqualTo(421);
        }
        try (RawClient client = gateway.tcp()) {
            String request = connect(api).replace("Host: " + api, "Host: api.example.com");
            assertThat(client.send(request).replyToHead().status()).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"other.example.com", "api.example.com:1", "api.example.com", "gateway", "plain.example.com"})
    void hostFieldOfAnotherHostIsMisdirected(String host) throws Exception {
        int before = secure.requests().size();
        int beforePlain = plain.requests.size();
        try (TlsClient tls = within(gateway.tcp())) {
            assertThat(tls.send(get(host, "/api/x", token())).reply().status()).isEqualTo(421);
            // The connection goes on to whom it was made.
            assertThat(tls.send(get(api, "/x", token())).reply().status()).isEqualTo(200);
        }
        assertThat(secure.requests()).hasSize(before + 1);
        assertThat(plain.requests).hasSize(beforePlain);
    }

    @Test
    void serverNameOfAnotherHostThanTheConnectIsMisdirected() throws Exception {
        int before = secure.requests().size();
        for (String name : List.of("plain.example.com", "other.example.com")) {
            RawClient client = gateway.tcp();
            client.send(connect(api)).replyToHead();
            try (TlsClient tls = new TlsClient(client, name, "", null)) {
                for (String host : List.of(api, name)) {
                    assertThat(tls.send(get(host, "/x", token())).reply().status())
                            .isEqualTo(421);
                }
            }
        }
        assertThat(secure.requests()).hasSize(before);
    }

    @Test
    void tlsToAPlainRouteIsMisdirected() throws Exception {
        String host = "plain.example.com:" + plain.port();
        int before = plain.requests.size();
        RawClient client = gateway.tcp();
        client.send(connect(host)).replyToHead();
        try (TlsClient tls = new TlsClient(client, "plain.example.com", "plain.example.com", gateway.certificate())) {
            RawClient.Reply reply = tls.send(get(host, "/x", token())).reply();
            assertThat(reply.status()).isEqualTo(421);
            assertThat(reply.body()).contains("would be deceived");
        }
        assertThat(plain.requests).hasSize(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET http://api.example.com/x HTTP/1.1\r\nHost: API\r\n\r\n",
                "GET * HTTP/1.1\r\nHost: API\r\n\r\n",
                "CONNECT API HTTP/1.1\r\nHost: API\r\n\r\n",
                "GET /x HTTP/1.1\r\nHost: API\r\nHost: API\r\n\r\n",
                "GET /x HTTP/1.1\r\n\r\n",
                "GET /x HTTP/1.0\r\nHost: API\r\n\r\n",
                "GET /a/../x HTTP/1.1\r\nHost: API\r\n\r\n",
                "GET /a%2fx HTTP/1.1\r\nHost: API\r\n\r\n",
                "POST /x HTTP/1.1\r\nHost: API\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "POST /x HTTP/1.1\r\nHost: API\r\nContent-Length: 1\r\n\tX: a\r\n\r\n",
                "GET /x HTTP/1.1\nHost: API\n\n"
            })
    void strictnessIsTheSameInsideOfTls(String request) throws Exception {
        int before = secure.requests().size();
        try (TlsClient tls = within(gateway.tcp(), "Proxy-Authorization: Bearer " + token())) {
            assertThat(tls.send(request.replace("API", api)).reply().status()).isEqualTo(400);
        }
        assertThat(secure.requests()).hasSize(before);
    }

    @Test
    void brokenRequestEndsTlsProperly() throws Exception {
        try (TlsClient tls = within(gateway.tcp())) {
            assertThat(tls.send("GET /x HTTP/1.0\r\n\r\n").readToEnd()).startsWith("HTTP/1.1 400 ");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 0", "Content-Length: 5", "Transfer-Encoding: chunked"})
    void connectHasNoBody(String field) throws Exception {
        try (RawClient client = gateway.tcp()) {
            assertThat(client.send(connect(api, field)).reply().status()).isEqualTo(400);
            assertThat(client.closed()).isTrue();
        }
    }

    @Test
    void listedHostIsTunnelledAndBytesAreOnRecord() throws Exception {
        String to = "tunnel.example.com:" + elsewhere.port();
        try (RawClient client = gateway.unix()) {
            client.send(connect(to) + "GET /ahead HTTP/1.1\r\nHost: any\r\n\r\n");
            assertThat(client.replyToHead().status()).isEqualTo(200);
            assertThat(client.reply().body()).isEqualTo("elsewhere");
            client.send("GET /more HTTP/1.1\r\nHost: any\r\nAuthorization: Basic eDp5\r\n\r\n");
            assertThat(client.reply().body()).isEqualTo("elsewhere");
        }
        assertThat(last(elsewhere.requests).field("authorization")).isEqualTo("Basic eDp5");
        AuditEvent.TunnelOpened opened = last(gateway.log.of(AuditEvent.TunnelOpened.class));
        eventually(() -> gateway.log.of(AuditEvent.TunnelEnded.class).stream()
                .anyMatch(ended -> ended.request() == opened.request()));
        AuditEvent.TunnelEnded ended = last(gateway.log.of(AuditEvent.TunnelEnded.class));
        assertThat(opened.to()).isEqualTo(to);
        assertThat(ended.request()).isEqualTo(opened.request());
        assertThat(ended.sentBytes()).isGreaterThan(60);
        assertThat(ended.receivedBytes()).isGreaterThan(60);
    }

    @Test
    void clientThatLeavesBeforeItsTunnelIsThereLeavesNothing() throws Exception {
        String to = "tunnel.example.com:" + elsewhere.port();
        int before = gateway.log.of(AuditEvent.TunnelOpened.class).size();
        for (int i = 0; i < 100; i++) {
            try (RawClient client = gateway.unix()) {
                client.send(connect(to));
            }
        }
        eventually(() -> gateway.log.of(AuditEvent.TunnelOpened.class).size() > before);
        eventually(() -> gateway.log.of(AuditEvent.TunnelEnded.class).size()
                == gateway.log.of(AuditEvent.TunnelOpened.class).size());
        // and those of it are gone that the host had
        eventually(() -> elsewhere.openConnections() == 0);
    }

    /** A wildcard of 'tunnel' covers the upstream too: no spelling of it leads past its route. */
    @ParameterizedTest
    @ValueSource(
            strings = {"api.example.com:PORT", "API.example.com:PORT", "api.example.com.:PORT", "api.example.com:443"})
    void serverNameWithAPortLeadsNowhere(String name) throws Exception {
        int before = gateway.log.of(AuditEvent.TunnelOpened.class).size();
        String serverName = name.replace("PORT", Integer.toString(secure.port()));
        assertThatThrownBy(() -> new TlsClient(gateway.tcp(), serverName, "", null))
                .hasMessageContaining("unrecognized_name");
        assertThat(gateway.log.of(AuditEvent.TunnelOpened.class)).hasSize(before);
    }

    /** What a client may be slow in: nothing, half of a greeting, and half of one in a CONNECT. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\u0016",
                "\u0016\u0003\u0001\u0002\u0000\u0001",
                "CONNECT",
                "CONNECT+",
                "CONNECT+\u0016\u0003"
            })
    void clientThatIsSlowBeforeItsFirstRequestIsClosed(String sent) throws Exception {
        Limits limits = Limits.DEFAULT;
        Limits impatient = new Limits(
                Duration.ofMillis(200),
                limits.idle(),
                limits.body(),
                limits.connect(),
                limits.answer(),
                limits.stream(),
                limits.slowReader(),
                limits.connections(),
                limits.slowReaders());
        Path own = Files.createTempDirectory(directory, "slow");
        try (GatewayFixture slow = new GatewayFixture(own)
                        .route("api", secure.upstream(), new Placement.Bearer())
                        .limits(impatient)
                        .intercepting()
                        .start();
                RawClient client = slow.tcp()) {
            if (sent.startsWith("CONNECT+")) {
                client.send(connect(api)).replyToHead();
                client.send(sent.substring("CONNECT+".length()));
                assertThat(client.closed()).isTrue();
            } else {
                client.send(sent);
                String last = client.readToEnd();
                assertThat(last)
                        .satisfiesAnyOf(
                                nothing -> assertThat(nothing).isEmpty(),
                                answer -> assertThat(answer).startsWith("HTTP/1.1 408 "));
            }
        }
    }

    @Test
    void answerThatHoldsTheCredentialIsBlockedInsideOfTlsToo() throws Exception {
        Path own = Files.createTempDirectory(directory, "echo");
        RecordingUpstream.Answer echo = (request, out, socket) ->
                out.write(RecordingUpstream.response("200 OK", "you sent " + request.field("authorization")));
        try (TlsUpstream echoing = TlsUpstream.named("echo.example.com", own, echo);
                GatewayFixture other = new GatewayFixture(own)
                        .route("echo", echoing.upstream(), new Placement.Bearer())
                        .names(host -> new InetAddress[] {InetAddress.getLoopbackAddress()})
                        .intercepting()
                        .start()) {
            String host = "echo.example.com:" + echoing.port();
            RawClient client = other.tcp();
            client.send(connect(host)).replyToHead();
            try (TlsClient tls = new TlsClient(client, "echo.example.com", "echo.example.com", other.certificate())) {
                RawClient.Reply reply = tls.send(get(host, "/x", token())).reply();
                assertThat(reply.status()).isEqualTo(502);
                assertThat(reply.body()).doesNotContain(CREDENTIAL);
            }
        }
    }

    @Test
    void longAnswerStreamsThroughTlsWhoeverIsSlow() throws Exception {
        Path own = Files.createTempDirectory(directory, "long");
        String body = "0123456789abcdef".repeat(512 * 1024);
        RecordingUpstream.Answer all = (request, out, socket) -> out.write(RecordingUpstream.response("200 OK", body));
        try (TlsUpstream endless = TlsUpstream.named("long.example.com", own, all);
                GatewayFixture other = new GatewayFixture(own)
                        .route("long", endless.upstream(), new Placement.Bearer())
                        .names(host -> new InetAddress[] {InetAddress.getLoopbackAddress()})
                        .intercepting()
                        .start()) {
            String host = "long.example.com:" + endless.port();
            RawClient client = other.unix();
            client.send(connect(host)).replyToHead();
            try (TlsClient tls = new TlsClient(client, "long.example.com", "long.example.com", other.certificate())) {
                assertThat(tls.send(get(host, "/x", token())).reply().body()).isEqualTo(body);
                assertThat(tls.send(get(host, "/y", token())).reply().body()).hasSize(body.length());
            }
        }
    }

    @Test
    void clientThatDoesNotTrustTheAuthorityIsOnRecord() throws Exception {
        int before = gateway.log.of(AuditEvent.RefusedRequest.class).size();
        RawClient client = gateway.tcp();
        client.send(connect(api)).replyToHead();
        assertThatThrownBy(() -> new TlsClient(client, "api.example.com", "api.example.com", secure.certificateFile()))
                .isInstanceOf(javax.net.ssl.SSLException.class);
        client.close();
        eventually(() -> gateway.log.of(AuditEvent.RefusedRequest.class).size() > before);
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class).get(before).failure())
                .isEqualTo(Failure.REQUEST_MALFORMED);
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class).get(before).why())
                .isEqualTo("the client does not trust the gateway's certificate authority");
    }
}
