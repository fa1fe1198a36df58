package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.eventually;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Settings;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that choose HTTP/2 where the gateway stands between them and an upstream of either version. */
@Timeout(60)
// A frame that cannot be written is missed by whoever waits for it.
@SuppressWarnings("FutureReturnValueIgnored")
final class Http2ClientTest {
    private static final String HOST = "api.example.com";
    private static final String OLD_HOST = "old.example.com";
    private static final long POURED_BYTES = 30L * 1024 * 1024;

    @TempDir
    private static Path directory;

    private static StreamUpstream upstream;
    private static TlsUpstream old;
    private static GatewayFixture gateway;
    private static String authority;
    private static String oldAuthority;

    @BeforeAll
    static void start() throws Exception {
        KeyStore key = TestKeys.make(directory, "h2", "dns:" + HOST, "-1d", "30");
        upstream = new StreamUpstream(key, new Scripted());
        old = TlsUpstream.named(OLD_HOST, directory, (request, out, socket) -> {
            if (request.line().contains("/trailers")) {
                List<String> lines = List.of(
                        "HTTP/1.1 200 OK",
                        "Transfer-Encoding: chunked",
                        "",
                        "5",
                        "hello",
                        "0",
                        "X-Checksum: 1",
                        "Set-Cookie: a=b",
                        "",
                        "");
                out.write(String.join("\r\n", lines).getBytes(StandardCharsets.US_ASCII));
            } else if (request.line().contains("/half")) {
                out.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".getBytes(StandardCharsets.US_ASCII));
                out.flush();
                socket.close();
            } else {
                out.write(RecordingUpstream.response("200 OK", "you said " + request.body(), "X-Old: yes"));
            }
        });
        authority = HOST + ":" + upstream.port();
        oldAuthority = OLD_HOST + ":" + old.port();
        gateway = new GatewayFixture(directory)
                .route(
                        "api",
                        Upstream.parse("https://" + authority, true, List.of(TestKeys.certificate(key))),
                        new Placement.Bearer())
                .route("old", old.upstream(), new Placement.Bearer())
                .names(host -> new InetAddress[] {InetAddress.getLoopbackAddress()})
                .intercepting()
                .start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        upstream.close();
        old.close();
    }

    /** Answers as the path says. */
    private static final class Scripted implements StreamUpstream.Service {
        private static final byte[] PIECE = new byte[16 * 1024];

        @Override
        public void begun(StreamUpstream.Asked asked) {
            if (asked.path().startsWith("/echo")) {
                asked.head("200", false, "content-type", "application/grpc");
            } else if (asked.path().equals("/early")) {
                asked.head("413", false).data("too much", true);
            }
        }

        @Override
        public void piece(StreamUpstream.Asked asked, String text) {
            if (asked.path().startsWith("/echo")) {
                asked.data(text.toUpperCase(Locale.ROOT), false);
            }
        }

        @Override
        public void ended(StreamUpstream.Asked asked) {
            switch (asked.path()) {
                case "/echo" -> asked.trailers("grpc-status", "0", "grpc-message", "fine");
                case "/trailers-only" ->
                    asked.head("200", true, "content-type", "application/grpc", "grpc-status", "5");
                case "/reset" -> asked.head("200", false).data("half", false).reset(Http2Error.INTERNAL_ERROR);
                case "/secret-trailers" ->
                    asked.head("200", false).data("x", false).trailers("x-echo", CREDENTIAL);
                case "/secret-headers" -> asked.head("200", true, "x-echo", CREDENTIAL);
                case "/secret-body" -> {
                    String body = "it is " + CREDENTIAL;
                    asked.head("200", false, "content-length", Integer.toString(body.length()))
                            .data(body, true);
                }
                case "/pour" -> {
                    asked.head("200", false);
                    writable(asked);
                }
                case "/silent", "/early" -> {}
                default -> asked.head("200", false, "x-new", "yes").data("you said " + asked.body(), true);
            }
        }

        @Override
        public void writable(StreamUpstream.Asked asked) {
            long total = asked.path().equals("/pour") ? POURED_BYTES : 0;
            while (asked.isWritable() && asked.bytes.get() < total) {
                asked.data(PIECE, asked.bytes.addAndGet(PIECE.length) >= total);
            }
        }
    }

    private static StreamClient client() throws Exception {
        return new StreamClient(gateway.port(), HOST, gateway.certificate());
    }

    private static String[] head(String method, String path, String... more) {
        List<String> fields = new ArrayList<>(List.of(
                ":method",
                method,
                ":scheme",
                "https",
                ":authority",
                authority,
                ":path",
                path,
                "authorization",
                "Bearer " + token()));
        fields.addAll(Arrays.asList(more));
        return fields.toArray(String[]::new);
    }

    /** The last request for {@code path}; one of the test before, whose client left, may come later than it. */
    private static StreamUpstream.Asked last(String path) {
        return upstream.requests.stream()
                .filter(asked -> asked.path().equals(path))
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    @Test
    void javaClientIsServedByBothVersionsOfUpstreams() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(gateway.certificate())) {
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(null, trust.getTrustManagers(), null);
        HttpClient client = HttpClient.newBuilder()
                .sslContext(tls)
                .version(HttpClient.Version.HTTP_2)
                .proxy(ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), gateway.port())))
                .build();
        List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            answers.add(client.sendAsync(
                    HttpRequest.newBuilder(URI.create("https://" + authority + "/x"))
                            .header("Authorization", "Bearer " + token())
                            .POST(HttpRequest.BodyPublishers.ofString("number " + i))
                            .build(),
                    HttpResponse.BodyHandlers.ofString()));
        }
        for (int i = 0; i < answers.size(); i++) {
            HttpResponse<String> answer = answers.get(i).get();
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
            assertThat(answer.body()).isEqualTo("you said number " + i);
        }
    }

    @Test
    void requestIsTheSameWithItsCredential() throws Exception {
        int answeredBefore = gateway.log.of(AuditEvent.Answered.class).size();
        try (StreamClient client = client()) {
            assertThat(client.protocol()).isEqualTo("h2");
            StreamClient.Call call = client.call(
                            true, head("GET", "/a/b?c=d", "x-forwarded-for", "1.2.3.4", "te", "trailers", "x-own", "1"))
                    .whole();
            assertThat(call.status()).isEqualTo(200);
            assertThat(call.body()).isEqualTo("you said ");
            assertThat(call.field("x-new")).isEqualTo("yes");
            StreamUpstream.Asked seen = last("/a/b?c=d");
            assertThat(seen.field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
            assertThat(seen.field("x-own")).isEqualTo("1");
            assertThat(seen.field("te")).isEqualTo("trailers");
            assertThat(seen.head.contains("x-forwarded-for")).isFalse();
            eventually(() -> gateway.log.of(AuditEvent.Answered.class).size() > answeredBefore);
        }
    }

    @Test
    void gitIsToldToAskInHttp1AndOthersOnTheConnectionGoOn() throws Exception {
        try (StreamClient client = client()) {
            StreamClient.Call silent = client.call(true, head("GET", "/silent"));
            StreamClient.Call git = client.call(false, head("POST", "/git", "user-agent", "git/2.39.5"))
                    .data("pack", false)
                    .whole();
            assertThat(git.reset).isEqualTo(Http2Error.HTTP_1_1_REQUIRED.code());
            // Its next piece was under way.
            git.data("more", true);
            StreamClient.Call other = client.call(true, head("GET", "/git", "user-agent", "gitlab-runner/17"))
                    .whole();
            assertThat(other.status()).isEqualTo(200);
            assertThat(silent.reset).isEqualTo(-1);
            assertThat(upstream.requests)
                    .noneMatch(asked -> asked.path().equals("/git")
                            && asked.field(":method").equals("POST"));
            assertThat(gateway.log.of(AuditEvent.Spent.class))
                    .noneMatch(spent ->
                            spent.asked().endsWith("/git") && spent.asked().startsWith("POST"));
        }
    }

    @Test
    void upstreamOfHttp1IsAskedByItsOwnRules() throws Exception {
        try (StreamClient client = new StreamClient(gateway.port(), OLD_HOST, gateway.certificate())) {
            StreamClient.Call unknownLength = client.call(false, oldHead("POST", "/x"))
                    .data("hel", false)
                    .data("lo", true)
                    .whole();
            assertThat(unknownLength.body()).isEqualTo("you said hello");
            assertThat(unknownLength.field("x-old")).isEqualTo("yes");
            assertThat(oldLast().field("transfer-encoding")).isEqualTo("chunked");
            assertThat(oldLast().field("host")).isEqualTo(oldAuthority);
            StreamClient.Call knownLength = client.call(false, oldHead("POST", "/x", "content-length", "5"))
                    .data("hello", true)
                    .whole();
            assertThat(knownLength.body()).isEqualTo("you said hello");
            assertThat(oldLast().field("content-length")).isEqualTo("5");
            StreamClient.Call trailing = client.call(true, oldHead("GET", "/trailers", "te", "trailers"))
                    .whole();
            assertThat(trailing.body()).isEqualTo("hello");
            assertThat(String.valueOf(trailing.trailers)).contains("x-checksum: 1");
            assertThat(trailing.trailers).hasSize(1);
            assertThat(oldLast().field("te")).isEqualTo("trailers");
            assertThat(oldLast().field("connection")).isEqualTo("te");
            StreamClient.Call half = client.call(true, oldHead("GET", "/half")).whole();
            assertThat(half.reset).isEqualTo(Http2Error.INTERNAL_ERROR.code());
            assertThat(half.ended).isFalse();
            assertThat(client.isOpen()).isTrue();
        }
    }

    private static String[] oldHead(String method, String path, String... more) {
        String[] fields = head(method, path, more);
        fields[5] = oldAuthority;
        return fields;
    }

    private static RecordingUpstream.Request oldLast() {
        return old.requests().get(old.requests().size() - 1);
    }

    @Test
    void aCallOfGrpcPassesBothWaysAtOnceWithItsTrailers() throws Exception {
        try (StreamClient client = client()) {
            StreamClient.Call call =
                    client.call(false, head("POST", "/echo", "content-type", "application/grpc", "te", "trailers"));
            call.data("a", false);
            eventually(() -> call.body().equals("A"));
            call.data("b", false);
            eventually(() -> call.body().equals("AB"));
            assertThat(call.ended).isFalse();
            call.data("", true).whole();
            assertThat(String.valueOf(call.trailers)).contains("grpc-status: 0").contains("grpc-message: fine");
            StreamClient.Call only = client.call(
                            false, head("POST", "/trailers-only", "content-type", "application/grpc", "te", "trailers"))
                    .data("x", true)
                    .whole();
            assertThat(only.headWasAll).isTrue();
            assertThat(only.field("grpc-status")).isEqualTo("5");
        }
    }

    @Test
    void trailersOfARequestPassByTheRulesOfHeaders() throws Exception {
        try (StreamClient client = client()) {
            StreamClient.Call call = client.call(false, head("POST", "/with-trailers"))
                    .data("hello", false)
                    .trailers(
                            "x-checksum", "1", "authorization", "Bearer other", "cookie", "a=b", "content-type", "a/b")
                    .whole();
            assertThat(call.body()).isEqualTo("you said hello");
            assertThat(String.valueOf(last("/with-trailers").trailers)).contains("x-checksum: 1");
            assertThat(last("/with-trailers").trailers).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/secret-headers", "/secret-body"})
    void credentialInAnAnswerIsBlocked(String path) throws Exception {
        try (StreamClient client = client()) {
            StreamClient.Call call = client.call(true, head("GET", path)).whole();
            assertThat(call.status()).isEqualTo(502);
            assertThat(call.body()).contains("response-blocked").doesNotContain(CREDENTIAL);
        }
    }

    @Test
    void credentialInTrailersIsCutOff() throws Exception {
        try (StreamClient client = client()) {
            StreamClient.Call call =
                    client.call(true, head("GET", "/secret-trailers")).whole();
            assertThat(call.trailers).isNull();
            assertThat(call.ended && call.status() == 200).isFalse();
        }
    }

    @Test
    void streamsEndEachOnItsOwn() throws Exception {
        try (StreamClient client = client()) {
            int before = upstream.requests.size();
            StreamClient.Call silent = client.call(true, head("GET", "/silent"));
            eventually(() -> upstream.requests.stream()
                    .skip(before)
                    .anyMatch(asked -> asked.path().equals("/silent")));
            StreamUpstream.Asked asked = last("/silent");
            StreamClient.Call broken = client.call(true, head("GET", "/reset")).whole();
            // The reset may have overtaken what the upstream wrote before it: then the answer is a whole 502.
            assertThat(broken.status() == 502 ? Http2Error.INTERNAL_ERROR.code() : broken.reset)
                    .isEqualTo(Http2Error.INTERNAL_ERROR.code());
            StreamClient.Call early =
                    client.call(false, head("POST", "/early")).data("x", false).whole();
            assertThat(early.status()).isEqualTo(413);
            assertThat(early.body()).isEqualTo("too much");
            eventually(() -> early.reset == Http2Error.NO_ERROR.code());
            assertThat(silent.isOver()).isFalse();
            silent.reset();
            eventually(() -> asked.reset == Http2Error.CANCEL.code());
            assertThat(client.call(true, head("GET", "/x")).whole().status()).isEqualTo(200);
        }
    }

    @Test
    void refusalsAreAnsweredAndTheConnectionGoesOn() throws Exception {
        try (StreamClient client = client()) {
            String[] none = head("GET", "/x");
            none[9] = "Bearer nonsense";
            StreamClient.Call bad = client.call(true, none).whole();
            assertThat(bad.status()).isIn(400, 401);
            assertThat(bad.field("content-type")).isEqualTo("application/problem+json");
            String[] elsewhere = head("GET", "/x");
            elsewhere[5] = OLD_HOST + ":" + old.port();
            assertThat(client.call(true, elsewhere).whole().status()).isEqualTo(421);
            StreamClient.Call toHead =
                    client.call(true, head("HEAD", "/x", "x-a", "\u0001")).whole();
            assertThat(toHead.status()).isEqualTo(400);
            assertThat(client.call(true, head("GET", "/x")).whole().status()).isEqualTo(200);
        }
    }

    /** Fields by turns that replace or follow those of a proper request. */
    record Trick(String name, boolean body, List<String> fields) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Trick trick(String name, String... fields) {
        return new Trick(name, false, List.of(fields));
    }

    static Stream<Trick> tricks() {
        return Stream.of(
                trick("CR LF in a value", "x-a", "b\r\ntransfer-encoding: chunked"),
                trick("LF in a value", "x-a", "b\nx-b: c"),
                trick("NUL in a value", "x-a", "b\0"),
                trick("beyond ASCII in a value", "x-a", "\u00e9"),
                trick("blank before a value", "x-a", " b"),
                trick("tab after a value", "x-a", "b\t"),
                trick("CR LF in a name", "x-a\r\nx-b", "c"),
                trick("colon in a name", "x-a: b\r\nhost", "c"),
                trick("blank in a name", "x a", "b"),
                trick("empty name", "", "b"),
                trick("upper case in a name", "X-A", "b"),
                trick("transfer-encoding", "transfer-encoding", "chunked"),
                trick("connection", "connection", "close"),
                trick("keep-alive", "keep-alive", "timeout=5"),
                trick("proxy-connection", "proxy-connection", "keep-alive"),
                trick("upgrade", "upgrade", "websocket"),
                trick("http2-settings", "http2-settings", "AAAA"),
                trick("te gzip", "te", "gzip"),
                trick("te list", "te", "trailers, gzip"),
                trick(":path with a blank", ":path", "/x HTTP/1.1\r\nhost: evil"),
                trick(":path with a blank alone", ":path", "/x y"),
                trick(":path with CR LF", ":path", "/x\r\nhost: evil"),
                trick(":path absolute", ":path", "http://evil.example.com/x"),
                trick(":path with an authority", ":path", "//evil.example.com/x"),
                trick(":path of nothing", ":path", ""),
                trick(":path star", ":path", "*"),
                trick(":path with a fragment", ":path", "/x#y"),
                trick(":path with dots", ":path", "/a/../x"),
                trick(":method with a blank", ":method", "GET /y HTTP/1.1\r\nx: "),
                trick(":method in lower case", ":method", "get"),
                trick(":method CONNECT", ":method", "CONNECT"),
                trick(":method of nothing", ":method", ""),
                trick(":scheme http", ":scheme", "http"),
                trick(":scheme with CR LF", ":scheme", "https\r\nx: y"),
                trick(":authority with CR LF", ":authority", "evil\r\nx: y"),
                trick("another :authority", ":authority", "old.example.com"),
                trick("user in :authority", ":authority", "a@api.example.com"),
                trick("host beside :authority", "host", "evil.example.com"),
                trick("unknown pseudo-header field", ":protocol", "websocket"),
                trick("pseudo-header field of an answer", ":status", "200"),
                trick(
                        "101 fields",
                        Stream.generate(() -> List.of("x-a", "b"))
                                .limit(101)
                                .flatMap(List::stream)
                                .toArray(String[]::new)),
                trick("length without a body", "content-length", "5"),
                trick("two lengths", "content-length", "5", "content-length", "6"),
                trick("length with plus", "content-length", "+5"),
                trick("length and a longer body", "content-length", "3"),
                new Trick("longer body", true, List.of("content-length", "3")),
                new Trick("shorter body", true, List.of("content-length", "30")),
                new Trick("length twice", true, List.of("content-length", "5", "content-length", "6")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tricks")
    void trickIsRefusedAndTheNextRequestIsItself(Trick trick) throws Exception {
        int before = old.requests().size();
        try (StreamClient client = new StreamClient(gateway.port(), OLD_HOST, gateway.certificate())) {
            String[] fields = oldHead("POST", "/x");
            List<String> all = new ArrayList<>(Arrays.asList(fields));
            for (int i = 0; i < trick.fields().size(); i += 2) {
                int at = all.indexOf(trick.fields().get(i));
                if (at >= 0 && at % 2 == 0 && trick.fields().get(i).startsWith(":")) {
                    all.set(at + 1, trick.fields().get(i + 1));
                } else {
                    all.addAll(trick.fields().subList(i, i + 2));
                }
            }
            StreamClient.Call call = client.call(!trick.body(), all.toArray(String[]::new));
            if (trick.body()) {
                call.data("hello", true);
            }
            call.whole();
            assertThat(call.status()).isIn(0, 400, 421);
            assertThat(call.status() == 0 ? call.reset : 1).isGreaterThan(0);
            assertThat(client.call(true, oldHead("GET", "/after")).whole().status())
                    .isEqualTo(200);
        }
        for (RecordingUpstream.Request request :
                old.requests().subList(before, old.requests().size())) {
            // What broke off in its body had begun; that body ends nowhere.
            assertThat(request.line()).isIn("GET /after HTTP/1.1", trick.body() ? "POST /x HTTP/1.1" : "nothing else");
        }
    }

    @Test
    void duplicatePseudoHeaderFieldsAreRefused() throws Exception {
        for (String name : List.of(":method", ":path", ":authority", ":scheme")) {
            try (StreamClient client = client()) {
                String[] fields = head("GET", "/x", name, name.equals(":path") ? "/y" : "GET");
                StreamClient.Call call = client.call(true, fields).whole();
                assertThat(call.status()).as(name).isIn(0, 400);
            }
        }
    }

    @Test
    void missingPseudoHeaderFieldsAreRefused() throws Exception {
        for (int missing : new int[] {0, 2, 4, 6}) {
            try (StreamClient client = client()) {
                List<String> fields = new ArrayList<>(Arrays.asList(head("GET", "/x")));
                fields.subList(missing, missing + 2).clear();
                StreamClient.Call call =
                        client.call(true, fields.toArray(String[]::new)).whole();
                assertThat(call.status()).as("without " + missing).isEqualTo(400);
            }
        }
    }

    @Test
    void headsThatAreTooLongAreRefused() throws Exception {
        try (StreamClient client = client()) {
            StreamClient.Call call = client.call(true, head("GET", "/x", "x-long", "a".repeat(36 * 1024)))
                    .whole();
            assertThat(call.status()).isIn(0, 431);
            assertThat(call.bytes.get()).isZero();
        }
    }

    @Test
    void whoOpensAndResetsIsSentAway() throws Exception {
        int before = upstream.requests.size();
        try (StreamClient client = client()) {
            try {
                for (int i = 0; i < 1000 && client.isOpen(); i++) {
                    client.call(true, head("GET", "/silent")).reset();
                }
            } catch (ClosedChannelException sentAway) {
                // Between the question whether it is open and the stream.
            }
            eventually(() -> !client.isOpen());
            // What the client had under way resets the connection, which may overtake the word.
            assertThat(client.goAway).isIn(-1L, Http2Error.ENHANCE_YOUR_CALM.code());
        }
        assertThat(upstream.requests.size() - before).isLessThan(500);
    }

    /** One head in pieces of a byte, and one that never ends. */
    @Test
    void continuationsWithoutEndAreCutOff() throws Exception {
        for (int size : new int[] {0, 1, 16 * 1024}) {
            try (StreamClient client = client()) {
                assertThat(client.call(true, head("GET", "/x")).whole().status())
                        .isEqualTo(200);
                ByteBuf flood = Unpooled.buffer();
                frame(flood, 1, 0, 5, new byte[] {(byte) 0x82});
                for (int i = 0; i < 1000 && flood.readableBytes() < 4_000_000; i++) {
                    byte[] piece = new byte[size];
                    // Fields "x: " without an index, which cost what their bytes say.
                    Arrays.fill(piece, (byte) 0x82);
                    frame(flood, 9, 0, 5, piece);
                }
                client.bytes(flood);
                eventually(() -> !client.isOpen());
            }
        }
    }

    private static void frame(ByteBuf out, int type, int flags, int stream, byte[] payload) {
        out.writeMedium(payload.length)
                .writeByte(type)
                .writeByte(flags)
                .writeInt(stream)
                .writeBytes(payload);
    }

    @Test
    void emptyFramesAndPingsWithoutEndAreCutOff() throws Exception {
        try (StreamClient client = client()) {
            int before = upstream.requests.size();
            client.call(false, head("POST", "/silent"));
            eventually(() -> upstream.requests.size() > before);
            // By the frame: the flow control of a client would make one of them.
            client.raw((ctx, codec) -> {
                int stream = codec.connection().local().lastStreamCreated();
                for (int i = 0; i < 10; i++) {
                    codec.encoder()
                            .frameWriter()
                            .writeData(ctx, stream, Unpooled.EMPTY_BUFFER, 0, false, ctx.newPromise());
                }
                ctx.flush();
            });
            eventually(() -> !client.isOpen());
        }
    }

    @Test
    void moreStreamsThanAllowedAreRefusedOneByOne() throws Exception {
        try (StreamClient client = client()) {
            List<StreamClient.Call> calls = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                calls.add(client.call(true, head("GET", "/silent")));
            }
            StreamClient.Call one = client.call(true, head("GET", "/x")).whole();
            assertThat(one.status()).isZero();
            calls.get(0).reset();
            eventually(() -> calls.get(0).gone);
            assertThat(calls).filteredOn(StreamClient.Call::isOver).hasSize(1);
        }
    }

    /** Megabytes down one stream while others of the same connection take nothing. */
    @Test
    void slowStreamHoldsUpNoOther() throws Exception {
        try (StreamClient client = new StreamClient(
                gateway.port(),
                HOST,
                gateway.certificate(),
                Http2Settings.defaultSettings().initialWindowSize(1 << 20))) {
            int before = upstream.requests.size();
            client.raw((ctx, codec) -> {
                try {
                    codec.connection()
                            .local()
                            .flowController()
                            .incrementWindowSize(codec.connection().connectionStream(), 64 << 20);
                    ctx.flush();
                } catch (io.netty.handler.codec.http2.Http2Exception e) {
                    throw new IllegalStateException(e);
                }
            });
            for (int i = 0; i < 20; i++) {
                client.call(true, head("GET", "/pour")).stopReading();
            }
            eventually(() -> upstream.requests.size() == before + 20);
            StreamClient.Call quick = client.call(true, head("GET", "/pour"));
            long end = System.nanoTime() + 50_000_000_000L;
            while (!quick.isOver() && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            assertThat(quick.bytes.get()).isEqualTo(POURED_BYTES);
            long held = 0;
            for (StreamUpstream.Asked asked :
                    upstream.requests.stream().skip(before).limit(20).toList()) {
                held += asked.bytes.get();
            }
            assertThat(held).isLessThan(20L * 4 * 1024 * 1024);
        }
    }

    @Test
    void uploadOfMegabytesArrivesWhole() throws Exception {
        try (StreamClient client = client()) {
            byte[] piece = new byte[16 * 1024];
            StreamClient.Call call = client.call(false, head("POST", "/upload"));
            long sent = 0;
            while (sent < 50L * 1024 * 1024) {
                if (call.isWritable()) {
                    sent += piece.length;
                    call.data(piece, sent >= 50L * 1024 * 1024);
                } else {
                    Thread.onSpinWait();
                }
            }
            eventually(() -> call.status() == 200);
            assertThat(last("/upload").bytes.get()).isEqualTo(50L * 1024 * 1024);
        }
    }
}
