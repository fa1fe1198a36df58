package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An answer that would give the credential away, in every form and cut at every byte (row 67). */
@Timeout(60)
final class CredentialSearchTest {
    @TempDir
    private Path directory;

    static List<String> echoes() {
        byte[] secret = CREDENTIAL.getBytes(StandardCharsets.US_ASCII);
        HexFormat hex = HexFormat.of();
        List<String> echoes = new ArrayList<>(List.of(
                CREDENTIAL,
                "{\"Authorization\":\"Bearer " + CREDENTIAL + "\"}",
                CREDENTIAL.replace("/", "\\/"),
                URLEncoder.encode(CREDENTIAL, StandardCharsets.UTF_8),
                CREDENTIAL.replace("+", "%2b").replace("/", "%2f").replace("=", "%3d"),
                hex.formatHex(secret),
                hex.withUpperCase().formatHex(secret)));
        for (String before : List.of("", "x", "xy", "x-access-token:")) {
            byte[] pair = (before + CREDENTIAL + "!").getBytes(StandardCharsets.US_ASCII);
            echoes.add(Base64.getEncoder().encodeToString(pair));
            echoes.add(Base64.getUrlEncoder().withoutPadding().encodeToString(pair));
        }
        return echoes;
    }

    @ParameterizedTest
    @MethodSource("echoes")
    void isFoundAtEveryCut(String echo) {
        CredentialSearch search = CredentialSearch.of(GatewayFixture.credential());
        byte[] text = ("before ghp_" + echo + " after").getBytes(StandardCharsets.US_ASCII);
        for (int cut = 0; cut <= text.length; cut++) {
            CredentialSearch.Stream stream = search.stream();
            boolean found = stream.findsIn(Unpooled.wrappedBuffer(text, 0, cut))
                    || stream.findsIn(Unpooled.wrappedBuffer(text, cut, text.length - cut));
            assertThat(found).as("cut at %d", cut).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource("echoes")
    void noByteOfItReachesTheClient(String echo) throws Exception {
        RecordingUpstream.Answer byteByByte = (request, out, socket) -> {
            out.write("HTTP/1.1 200 OK\r\n\r\nhello ".getBytes(StandardCharsets.US_ASCII));
            for (byte b : echo.getBytes(StandardCharsets.US_ASCII)) {
                out.write(b);
                out.flush();
            }
            socket.close();
        };
        try (RecordingUpstream upstream = new RecordingUpstream(byteByByte);
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            // What came at once is answered with a whole 502; what came later is cut off.
            String seen = client.send(get("/api/echo", token()).replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
                    .readToEnd();
            assertThat(seen).doesNotContain("ghp_R3al").doesNotContain("\r\n0\r\n");
            assertThat(seen.replaceAll("\r\n[0-9a-f]+\r\n", "")).doesNotContain(echo.substring(4, 20));
        }
    }

    @Test
    void answerWithItInAHeaderOrAShortBodyIsBlockedWhole() throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) -> out.write(
                        request.line().contains("header")
                                ? RecordingUpstream.response("200 OK", "", "X-Echo: Bearer " + CREDENTIAL)
                                : RecordingUpstream.response("200 OK", "{\"token\":\"" + CREDENTIAL + "\"}")));
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            for (String path : List.of("/api/header", "/api/body")) {
                RawClient.Reply reply = client.send(get(path, token())).reply();
                assertThat(reply.status()).as(path).isEqualTo(502);
                assertThat(reply.head() + reply.body()).doesNotContain("ghp_R3al");
            }
            assertThat(upstream.requests.get(0).field("accept-encoding")).isEqualTo("identity");
        }
    }

    @Test
    void whatOnlyBeginsLikeItPassesWhole() throws Exception {
        String innocent =
                "ghp_R3al+Secret/0f-the_ ghp_ghp_ghp_R3a Z2hwX1Iz 6768705f " + "text ".repeat(1000) + "ghp_R3al+";
        try (RecordingUpstream upstream = RecordingUpstream.saying(innocent);
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start();
                RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/x", token())).reply().body()).isEqualTo(innocent);
        }
    }
}
