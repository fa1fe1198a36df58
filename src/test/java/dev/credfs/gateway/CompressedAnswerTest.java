package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compressed answers pass as they are, are searched unpacked, and cannot blow up (rows 61 and 67). */
@Timeout(60)
final class CompressedAnswerTest {
    private static final String INNOCENT = "nothing to hide, nothing to find, nothing to hide";

    /** Made with {@code brotli}: the JDK has no encoder. */
    private static final byte[] INNOCENT_IN_BR = base64("HzAA+KXJzNLcdBiCFIKMBiEGilzSCjGDG9oo");

    private static final byte[] CREDENTIAL_IN_BR =
            base64("HzsA+OV/r5HufV2U7a4Bi7upehJKRCFJbvLLR76wPgxPdICBsCnO5kRdv2eRLmYcN9XZ3Fy09O6bLN2Z48AP");
    private static final byte[] TWENTY_MB_OF_ZEROS_IN_BR = base64("z///f/gnAOKxQCD3/j//WWLwTwDEYQGALkkM");

    @TempDir
    private Path directory;

    private static byte[] base64(String text) {
        return Base64.getDecoder().decode(text);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    private static byte[] packed(String coding, byte[] text) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = switch (coding) {
            case "gzip" -> new GZIPOutputStream(packed);
            case "zlib" -> new DeflaterOutputStream(packed);
            default -> new DeflaterOutputStream(packed, new Deflater(9, true));
        }) {
            out.write(text);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return packed.toByteArray();
    }

    private static BodySearch search(String coding) throws RefusedException {
        return BodySearch.of(CredentialSearch.of(GatewayFixture.credential()), coding, new AtomicLong());
    }

    /** What passes of {@code parts}, and then {@code blocked} or why it did not pass. */
    private static String outcome(String coding, ByteArrayOutputStream passed, byte[]... parts) {
        BodySearch search = null;
        try {
            search = search(coding);
            for (int i = 0; i < parts.length; i++) {
                ByteBuf out = search.admit(Unpooled.copiedBuffer(parts[i]), i == parts.length - 1);
                byte[] bytes = new byte[out.readableBytes()];
                out.readBytes(bytes);
                out.release();
                passed.writeBytes(bytes);
            }
            return "passed";
        } catch (RefusedException e) {
            return e.failure() == Failure.RESPONSE_BLOCKED ? "blocked" : e.why();
        } finally {
            if (search != null) {
                search.release();
            }
        }
    }

    private static String outcome(String coding, byte[]... parts) {
        return outcome(coding, new ByteArrayOutputStream(), parts);
    }

    private static byte[][] bytes(byte[] whole) {
        byte[][] parts = new byte[whole.length][];
        for (int i = 0; i < whole.length; i++) {
            parts[i] = new byte[] {whole[i]};
        }
        return parts;
    }

    /** As much as can be unpacked of the beginning of a gzip member without a name. */
    private static String unpacked(byte[] beginning) throws DataFormatException {
        Inflater inflater = new Inflater(true);
        inflater.setInput(beginning, Math.min(10, beginning.length), Math.max(0, beginning.length - 10));
        byte[] text = new byte[64 * 1024];
        int length = inflater.inflate(text);
        inflater.end();
        return new String(text, 0, length, StandardCharsets.ISO_8859_1);
    }

    static List<String> echoes() {
        return CredentialSearchTest.echoes();
    }

    @ParameterizedTest
    @MethodSource("echoes")
    void credentialIsFoundAtEveryCutAndNoByteOfItHasPassed(String echo) throws Exception {
        byte[] text = ascii("before ghp_ " + echo + " after");
        ByteArrayOutputStream plain = new ByteArrayOutputStream();
        assertThat(outcome("", plain, bytes(text))).isEqualTo("blocked");
        String mayPass = plain.toString(StandardCharsets.ISO_8859_1);
        byte[] whole = packed("gzip", text);
        for (int cut = 0; cut <= whole.length; cut++) {
            ByteArrayOutputStream passed = new ByteArrayOutputStream();
            String outcome =
                    outcome("gzip", passed, Arrays.copyOf(whole, cut), Arrays.copyOfRange(whole, cut, whole.length));
            assertThat(outcome).as("cut at %d", cut).isEqualTo("blocked");
            assertThat(mayPass).startsWith(unpacked(passed.toByteArray()));
        }
        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        assertThat(outcome("gzip", passed, bytes(whole))).isEqualTo("blocked");
        assertThat(mayPass).startsWith(unpacked(passed.toByteArray()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zlib", "bare"})
    void whatIsInnocentPassesByteForByteAtEveryCut(String packing) {
        byte[] whole = packed(packing, ascii(INNOCENT + " ghp_R3al+Secret Z2hwX1Iz 6768705f " + INNOCENT + " ghp_"));
        String coding = packing.equals("gzip") ? "gzip" : "deflate";
        for (int cut = 0; cut <= whole.length; cut++) {
            ByteArrayOutputStream passed = new ByteArrayOutputStream();
            assertThat(outcome(coding, passed, Arrays.copyOf(whole, cut), Arrays.copyOfRange(whole, cut, whole.length)))
                    .isEqualTo("passed");
            assertThat(passed.toByteArray()).isEqualTo(whole);
        }
        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        assertThat(outcome(coding, passed, bytes(whole))).isEqualTo("passed");
        assertThat(passed.toByteArray()).isEqualTo(whole);
    }

    @Test
    void deflateIsFoundWithAndWithoutItsFrame() {
        byte[] secret = ascii("{\"token\":\"" + CREDENTIAL + "\"}");
        assertThat(outcome("deflate", bytes(packed("zlib", secret)))).isEqualTo("blocked");
        assertThat(outcome("Deflate", packed("bare", secret))).isEqualTo("blocked");
    }

    @Test
    void brotliIsSearchedWhole() {
        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        assertThat(outcome("br", passed, bytes(INNOCENT_IN_BR))).isEqualTo("passed");
        assertThat(passed.toByteArray()).isEqualTo(INNOCENT_IN_BR);
        passed.reset();
        assertThat(outcome("br", passed, bytes(CREDENTIAL_IN_BR))).isEqualTo("blocked");
        assertThat(passed.size()).isZero();
        assertThat(outcome("br", INNOCENT_IN_BR, ascii(CREDENTIAL))).isEqualTo("blocked");
        assertThat(outcome("br", TWENTY_MB_OF_ZEROS_IN_BR)).contains("unpacks to too much");
        assertThat(outcome("br", new byte[1024 * 1024 + 1])).contains("too large");
        assertThat(outcome("br", ascii("no br at all"))).contains("is not br");
        assertThat(outcome("br", Arrays.copyOf(INNOCENT_IN_BR, 12))).contains("is not br");
        assertThat(outcome("br", new byte[0])).isEqualTo("passed");
    }

    @Test
    void brotliGivesBackWhatItCollected() throws Exception {
        AtomicLong collected = new AtomicLong();
        CredentialSearch credential = CredentialSearch.of(GatewayFixture.credential());
        BodySearch one = BodySearch.of(credential, "br", collected);
        one.admit(Unpooled.copiedBuffer(new byte[1000]), false).release();
        assertThat(collected.get()).isEqualTo(1000);
        one.release();
        assertThat(collected.get()).isZero();
    }

    @Test
    void everyMemberOfAGzipIsSearched() {
        byte[] innocent = packed("gzip", ascii(INNOCENT));
        byte[] secret = packed("gzip", ascii(CREDENTIAL));
        byte[] half = packed("gzip", ascii(CREDENTIAL.substring(0, 20)));
        byte[] rest = packed("gzip", ascii(CREDENTIAL.substring(20)));
        assertThat(outcome("gzip", joined(innocent, innocent))).isEqualTo("passed");
        assertThat(outcome("gzip", bytes(joined(innocent, secret)))).isEqualTo("blocked");
        assertThat(outcome("gzip", bytes(joined(half, rest)))).isEqualTo("blocked");
    }

    @Test
    void frameHidesNothing() {
        byte[] named = joined(
                new byte[] {0x1f, (byte) 0x8b, 8, 8, 0, 0, 0, 0, 0, 3},
                ascii(CREDENTIAL + "\0"),
                Arrays.copyOfRange(packed("gzip", ascii(INNOCENT)), 10, packed("gzip", ascii(INNOCENT)).length));
        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        assertThat(outcome("gzip", passed, bytes(named))).isEqualTo("blocked");
        assertThat(passed.size()).isZero();
        byte[] innocent = packed("gzip", ascii(INNOCENT));
        assertThat(outcome("gzip", innocent, ascii(CREDENTIAL))).contains("not gzip");
        assertThat(outcome("gzip", ascii(CREDENTIAL))).contains("not gzip");
        byte[] zlib = packed("zlib", ascii(INNOCENT));
        assertThat(outcome("deflate", zlib, ascii(CREDENTIAL))).contains("bytes follow its end");
        byte[] forged = innocent.clone();
        forged[forged.length - 8] ^= 1;
        assertThat(outcome("gzip", forged)).contains("checksum");
        assertThat(outcome("gzip", Arrays.copyOf(innocent, innocent.length - 3)))
                .contains("breaks off");
        byte[] longHead = new byte[600];
        Arrays.fill(longHead, (byte) 'x');
        assertThat(outcome("gzip", joined(new byte[] {0x1f, (byte) 0x8b, 8, 8, 0, 0, 0, 0, 0, 3}, longHead)))
                .contains("head is too long");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "zlib", "bare"})
    void bombIsCutOff(String packing) {
        byte[] bomb = packed(packing, new byte[64 * 1024 * 1024]);
        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        assertThat(outcome(packing.equals("gzip") ? "gzip" : "deflate", passed, bytes(bomb)))
                .contains("unpacks to more than 100 times");
        assertThat(passed.size()).isLessThan(9000);
    }

    @Test
    void bytesThatUnpackToNothingDoNotPileUp() {
        // Stored blocks of no bytes, after the first bytes of the credential in one of four bytes.
        byte[] secretBegins = joined(new byte[] {0, 4, 0, (byte) 0xfb, (byte) 0xff}, ascii("ghp_"));
        byte[] empty = new byte[5 * 100_000];
        for (int i = 0; i < empty.length; i += 5) {
            empty[i + 3] = (byte) 0xff;
            empty[i + 4] = (byte) 0xff;
        }
        assertThat(outcome("deflate", secretBegins, empty, empty)).contains("too much of it unpacks to too little");
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "compress", "gzip, gzip", "br,gzip", "gzip;x=1", "aes128gcm"})
    void otherCodingsAreBlockedWithAReason(String coding) throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) ->
                        out.write(RecordingUpstream.response("200 OK", "xyz", "Content-Encoding: " + coding)));
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            RawClient.Reply reply = client.send(get("/api/x", token())).reply();
            assertThat(reply.status()).isEqualTo(502);
            assertThat(reply.body()).contains("content coding other than gzip, deflate or br");
        }
    }

    @Test
    void transferCodingsThatNobodyAskedForAreBlocked() throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) ->
                        out.write(ascii("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")));
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/x", token())).reply().status()).isEqualTo(502);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip, deflate, br, zstd | gzip, deflate",
                "br;q=1.0, gzip;q=0.8, *;q=0.1 | gzip;q=0.8",
                "GZIP ; q=0 | GZIP ; q=0",
                "br | identity",
                "* | identity",
                "gzip;q=zero | identity",
                "identity;q=0 | identity"
            })
    void upstreamHearsOnlyOfCodingsThatWeUnpack(String accepted, String forwarded) throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("ok");
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            String field = "\r\nAccept-Encoding: " + accepted;
            client.send(get("/api/x", token()).replace("\r\n\r\n", field + "\r\n\r\n"))
                    .reply();
            client.send(get("/api/x", token()).replace("\r\n\r\n", field + "\r\nRange: bytes=0-9\r\n\r\n"))
                    .reply();
            assertThat(upstream.requests.get(0).field("accept-encoding")).isEqualTo(forwarded);
            assertThat(upstream.requests.get(1).field("accept-encoding")).isEqualTo("identity");
        }
    }

    @Test
    void compressedAnswerReachesTheClientUnchangedAndTheCredentialDoesNot() throws Exception {
        byte[] innocent = packed("gzip", ascii(INNOCENT.repeat(1000)));
        byte[] secret = packed("gzip", ascii(INNOCENT + CREDENTIAL));
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) -> {
                    String line = request.line();
                    byte[] body = line.contains("/br")
                            ? line.contains("secret") ? CREDENTIAL_IN_BR : INNOCENT_IN_BR
                            : line.contains("secret") ? secret : innocent;
                    out.write(ascii("HTTP/1.1 200 OK\r\nContent-Encoding: " + (line.contains("/br") ? "br" : "gzip")
                            + "\r\nContent-Length: " + body.length + "\r\n\r\n"));
                    out.write(body);
                });
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            RawClient.Reply reply = client.send(get("/api/gzip", token())).reply();
            assertThat(reply.field("content-encoding")).isEqualTo("gzip");
            assertThat(ascii(reply.body())).isEqualTo(innocent);
            reply = client.send(get("/api/br", token())).reply();
            assertThat(reply.field("content-length")).isEqualTo("" + INNOCENT_IN_BR.length);
            assertThat(ascii(reply.body())).isEqualTo(INNOCENT_IN_BR);
            for (String path : List.of("/api/gzip/secret", "/api/br/secret")) {
                reply = client.send(get(path, token())).reply();
                assertThat(reply.status()).as(path).isEqualTo(502);
                assertThat(reply.body()).contains("holds the credential");
            }
        }
    }

    @Test
    void compressedEventsPassAsTheyCome() throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) -> {
                    out.write(ascii("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"));
                    GZIPOutputStream gzip = new GZIPOutputStream(out, true);
                    gzip.write(ascii("data: 1\n\n"));
                    gzip.flush();
                    Thread.currentThread().join();
                });
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            client.send(get("/api/x", token()));
            // The empty stored block of the flush ends what was sent.
            String seen = client.readAtLeast(1);
            while (!seen.contains("\0\0ÿÿ")) {
                seen += client.readAtLeast(1);
            }
        }
    }
}
