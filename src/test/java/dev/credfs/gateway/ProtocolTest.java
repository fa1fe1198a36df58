package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The one slash that is not refused when it is encoded: that of a scoped name, at an npm registry. */
@Timeout(30)
final class ProtocolTest {
    @ParameterizedTest
    @CsvSource({
        "/@acme%2fsite, /@acme/site",
        "/@acme%2Fsite, /@acme/site",
        "/%40acme%2fsite, /%40acme/site",
        "/base/@acme%2fsite/-rev/1, /base/@acme/site/-rev/1",
        "/-/package/@acme%2fsite/dist-tags/next, /-/package/@acme/site/dist-tags/next",
        "/@acme/site/-/site-1.0.0.tgz, /@acme/site/-/site-1.0.0.tgz",
        "/site, /site",
        "/acme%2fsite, /acme%2fsite",
        "/a@acme%2fsite, /a@acme%2fsite",
        "/@%2fsite, /@%2fsite",
        "/@acme%2f, /@acme%2f",
        "/@acme%2f%2fsite, /@acme%2f%2fsite",
        "/@acme%2fsite%2fx, /@acme%2fsite%2fx",
        "/@acme%252fsite, /@acme%252fsite",
        "/@acme%2f..%2fsite, /@acme%2f..%2fsite",
        "/@acme%2f.., /@acme/..",
    })
    void oneSlashOfAScopedNameIsWrittenOut(String written, String read) {
        assertThat(Protocol.NPM.canonical(written)).isEqualTo(read);
        assertThat(Protocol.HTTP.canonical(written)).isEqualTo(written);
        assertThat(Protocol.GIT.canonical(written)).isEqualTo(written);
    }

    @Test
    void whatIsClearedIsWhatIsSent(@TempDir Path directory) throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("ok");
                GatewayFixture gateway = new GatewayFixture(directory)) {
            Upstream plain = Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of());
            gateway.route("npm", plain.speaking(Protocol.NPM), new Placement.Bearer())
                    .route("any", plain, new Placement.Bearer())
                    .start();
            try (RawClient client = gateway.unix()) {
                String token = token("path = /@acme/site");
                assertThat(client.send(get("/npm/@acme%2fsite?write=true", token))
                                .reply()
                                .status())
                        .isEqualTo(200);
                assertThat(client.send(get("/npm/@acme%2flib", token)).reply().status())
                        .isEqualTo(403);
                assertThat(client.send(get("/any/@acme%2fsite", token)).reply().status())
                        .isEqualTo(400);
                assertThat(client.send(get("/npm/@acme%2f..", token())).reply().status())
                        .isEqualTo(400);
                assertThat(client.send(get("/npm/@acme%2f..%2fsite", token()))
                                .reply()
                                .status())
                        .isEqualTo(400);
            }
            assertThat(upstream.requests).hasSize(1);
            assertThat(upstream.requests.get(0).line()).isEqualTo("GET /@acme/site?write=true HTTP/1.1");
        }
    }
}
