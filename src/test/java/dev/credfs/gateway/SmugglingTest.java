package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Requests that two servers may read differently. Each ends with 400 and a closed connection, and what is hidden behind it
 * never becomes a request at the upstream.
 */
@Timeout(30)
final class SmugglingTest {
    private static final String HIDDEN = "GET /hidden HTTP/1.1\r\nHost: gateway\r\n\r\n";

    @TempDir
    private static Path directory;

    private static RecordingUpstream upstream;
    private static GatewayFixture gateway;

    @BeforeAll
    static void start() throws Exception {
        upstream = RecordingUpstream.saying("ok");
        gateway = new GatewayFixture(directory)
                .route("api", upstream.port(), new Placement.Bearer())
                .start();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        upstream.close();
    }

    /** A request as raw bytes, by the name of its trick; TOKEN stands for a token that clears. */
    record Trick(String name, String request) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static String post(String fields, String body) {
        return "POST /api/x HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer TOKEN\r\n" + fields + "\r\n" + body;
    }

    private static Trick field(String name, String line) {
        return new Trick(name, post(line, HIDDEN));
    }

    static List<Trick> tricks() {
        List<Trick> tricks = new ArrayList<>(List.of(
                field("CL and TE", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                field("TE and CL", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
                field("two lengths, different", "Content-Length: 5\r\nContent-Length: 6\r\n"),
                field("two lengths, the same", "Content-Length: 5\r\nContent-Length: 5\r\n"),
                field("list of lengths", "Content-Length: 5, 5\r\n"),
                field("length with plus", "Content-Length: +5\r\n"),
                field("length with minus", "Content-Length: -5\r\n"),
                field("length in hex", "Content-Length: 0x5\r\n"),
                field("length with leading zero", "Content-Length: 05\r\n"),
                field("length empty", "Content-Length:\r\n"),
                field("length with blank inside", "Content-Length: 5 5\r\n"),
                field("length beyond 63 bits", "Content-Length: 18446744073709551616\r\n"),
                field("TE in upper case twice", "Transfer-Encoding: chunked\r\nTRANSFER-ENCODING: chunked\r\n"),
                field("TE list", "Transfer-Encoding: gzip, chunked\r\n"),
                field("TE list ending in identity", "Transfer-Encoding: chunked, identity\r\n"),
                field("TE identity", "Transfer-Encoding: identity\r\n"),
                field("TE with x", "Transfer-Encoding: xchunked\r\n"),
                field("TE quoted", "Transfer-Encoding: \"chunked\"\r\n"),
                field("TE with parameter", "Transfer-Encoding: chunked;q=1\r\n"),
                field("TE with vertical tab", "Transfer-Encoding: \u000bchunked\r\n"),
                field("TE with NBSP", "Transfer-Encoding: chunked\u00a0\r\n"),
                field("TE empty", "Transfer-Encoding:\r\n"),
                field("blank before the colon", "Transfer-Encoding : chunked\r\n"),
                field("tab before the colon", "Content-Length\t: 5\r\n"),
                field("blank before the name", " Content-Length: 5\r\n"),
                field("folded line", "X-A: 1\r\n Transfer-Encoding: chunked\r\n"),
                field("folded value", "Transfer-Encoding:\r\n chunked\r\n"),
                field("folded with a tab", "X-A: 1\r\n\tb\r\n"),
                field("no colon", "Content-Length 5\r\n"),
                field("no name", ": 5\r\n"),
                field("NUL in a value", "X-A: a\0b\r\n"),
                field("NUL in a name", "X-\0A: b\r\n"),
                field("DEL in a value", "X-A: a\u007fb\r\n"),
                field("CR in a value", "X-A: a\rTransfer-Encoding: chunked\r\n"),
                field("CR CR LF", "X-A: a\r\r\n"),
                field("bare LF after a field", "X-A: a\nTransfer-Encoding: chunked\r\n"),
                field("beyond ASCII", "X-A: \u00e9\r\n"),
                field("bracket in a name", "X-(A): a\r\n"),
                field("two hosts", "Host: gateway\r\n"),
                field("101 more fields", "X-A: a\r\n".repeat(101)),
                field("head of 33 KiB", "X-A: " + "a".repeat(33 * 1024) + "\r\n"),
                new Trick("no host", "GET /api/x HTTP/1.1\r\nAuthorization: Bearer TOKEN\r\n\r\n" + HIDDEN),
                new Trick("bare LF everywhere", post("", "").replace("\r\n", "\n") + HIDDEN),
                new Trick("bare LF ends the head", post("", "").replace("\r\n\r\n", "\r\n\n") + HIDDEN),
                new Trick("empty line first", "\r\n" + post("", HIDDEN)),
                new Trick("NUL first", "\0" + post("", HIDDEN)),
                new Trick("HTTP/1.0", post("", HIDDEN).replace("HTTP/1.1", "HTTP/1.0")),
                new Trick("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                new Trick("HTTP/0.9", "GET /api/x\r\n\r\n"),
                new Trick("lower-case version", post("", HIDDEN).replace("HTTP/1.1", "http/1.1")),
                new Trick("version with blanks", post("", HIDDEN).replace(" HTTP/1.1", "  HTTP/1.1")),
                new Trick("tab in the request line", post("", HIDDEN).replace("POST /", "POST\t/")),
                new Trick("two targets", post("", HIDDEN).replace("/api/x", "/api/x /api/y")),
                new Trick("NUL in the target", post("", HIDDEN).replace("/api/x", "/api/x\0")),
                new Trick("lower-case method", post("", HIDDEN).replace("POST", "post")),
                new Trick("CONNECT", post("", HIDDEN).replace("POST /api/x", "CONNECT evil:443")),
                new Trick("TRACE", post("", HIDDEN).replace("POST", "TRACE"))));
        String chunked = "Transfer-Encoding: chunked\r\n";
        tricks.addAll(List.of(
                new Trick("chunk size with plus", post(chunked, "+5\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size in 0x", post(chunked, "0x5\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size of nine digits", post(chunked, "100000005\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick(
                        "chunk size beyond 64 bits", post(chunked, "10000000000000005\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size negative", post(chunked, "-1\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size empty", post(chunked, "\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size with blank", post(chunked, "5 \r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk extension", post(chunked, "5;a=b\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk extension with LF", post(chunked, "5;\nxx\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size ends with LF", post(chunked, "5\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk size ends with CR", post(chunked, "5\rhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk longer than its size", post(chunked, "3\r\nhello\r\n0\r\n\r\n" + HIDDEN)),
                new Trick("chunk ends with LF", post(chunked, "5\r\nhello\n0\r\n\r\n" + HIDDEN)),
                new Trick("trailer with bare LF", post(chunked, "0\r\nX: a\n\r\n" + HIDDEN)),
                new Trick("trailer folded", post(chunked, "0\r\nX: a\r\n b\r\n\r\n" + HIDDEN)),
                new Trick("trailer of 9 KiB", post(chunked, "0\r\nX: " + "a".repeat(9 * 1024) + "\r\n\r\n" + HIDDEN))));
        return tricks;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tricks")
    void isRefusedAndTheConnectionEnds(Trick trick) throws Exception {
        int before = hiddenRequests();
        try (RawClient client = gateway.unix()) {
            client.send(trick.request().replace("TOKEN", token()));
            RawClient.Reply reply = client.reply();
            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.field("connection")).isEqualTo("close");
            assertThat(client.closed()).isTrue();
        }
        assertThat(hiddenRequests()).isEqualTo(before);
    }

    /** Byte by byte, so that every state of the decoder waits once. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("tricks")
    void isRefusedWhateverThePieces(Trick trick) throws Exception {
        byte[] bytes = trick.request().getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        DecoderRun whole = DecoderRun.of(bytes, bytes.length);
        for (int piece : new int[] {1, 2, 7}) {
            assertThat(DecoderRun.of(bytes, piece)).isEqualTo(whole);
        }
        assertThat(whole.refused()).isTrue();
    }

    private static int hiddenRequests() {
        int hidden = 0;
        for (RecordingUpstream.Request request : upstream.requests) {
            if (request.head().contains("hidden")) {
                hidden++;
            }
        }
        return hidden;
    }

    @Test
    void anExactlyFramedBodyIsForwardedAndNothingOfWhatFollowsIt() throws Exception {
        try (RawClient client = gateway.unix()) {
            client.send(
                    post("Content-Length: " + HIDDEN.length() + "\r\n", HIDDEN).replace("TOKEN", token())
                            + get("/api/after", token()));
            assertThat(client.reply().status()).isEqualTo(200);
            assertThat(client.reply().status()).isEqualTo(200);
        }
        int size = upstream.requests.size();
        assertThat(upstream.requests.get(size - 2).body()).isEqualTo(HIDDEN);
        assertThat(upstream.requests.get(size - 1).line()).isEqualTo("GET /after HTTP/1.1");
    }

    @Test
    void aChunkedBodyArrivesWholeAndWithoutItsTrailers() throws Exception {
        try (RawClient client = gateway.unix()) {
            String request =
                    post("Transfer-Encoding: Chunked\r\n", "5\r\nhello\r\nA\r\n, upstream\r\n0\r\nX-T: 1\r\n\r\n");
            assertThat(client.send(request.replace("TOKEN", token())).reply().status())
                    .isEqualTo(200);
            assertThat(client.send(get("/api/next", token())).reply().status()).isEqualTo(200);
        }
        RecordingUpstream.Request seen = upstream.requests.get(upstream.requests.size() - 2);
        assertThat(seen.body()).isEqualTo("hello, upstream");
        assertThat(seen.head()).doesNotContain("X-T");
    }
}
