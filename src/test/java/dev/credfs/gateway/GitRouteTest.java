package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.Failure;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Git's smart HTTP through the gateway: what is git, what a token allows of it, and what a person at git reads. */
@Timeout(30)
final class GitRouteTest {
    private static final String READ = "path = /acme/site.git/info/refs /acme/site.git/git-upload-pack";

    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("ok");
        Upstream plain = Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of());
        gateway = new GatewayFixture(directory)
                .route("git", plain.speaking(Protocol.GIT), new Placement.Basic("x-access-token"))
                .route("any", plain, new Placement.Basic("x-access-token"))
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    /** A request as git sends it: the token is the password of a Basic login. */
    private static String request(String line, String token, String... fields) {
        String basic = Base64.getEncoder().encodeToString(("git:" + token).getBytes(StandardCharsets.US_ASCII));
        StringBuilder text = new StringBuilder(line + " HTTP/1.1\r\nHost: gateway\r\nUser-Agent: git/2.39.5\r\n");
        if (!token.isEmpty()) {
            text.append("Authorization: Basic ").append(basic).append("\r\n");
        }
        for (String field : fields) {
            text.append(field).append("\r\n");
        }
        return text.append("\r\n").toString();
    }

    private static String call(String target, String service, String token) {
        return request(
                        "POST " + target,
                        token,
                        "Content-Type: application/x-" + service + "-request",
                        "Content-Length: 4")
                + "0000";
    }

    private RawClient.Reply reply(String request) throws Exception {
        try (RawClient client = gateway.unix()) {
            return client.send(request).reply();
        }
    }

    @Test
    void aTokenForReadingReadsAndPushesNothing() throws Exception {
        String token = token(READ, "method = GET,POST");
        assertThat(reply(request(
                                "GET /git/acme/site.git/info/refs?service=git-upload-pack",
                                token,
                                "Git-Protocol: version=2"))
                        .status())
                .isEqualTo(200);
        assertThat(upstream.requests.get(0).line())
                .isEqualTo("GET /acme/site.git/info/refs?service=git-upload-pack HTTP/1.1");
        assertThat(upstream.requests.get(0).field("git-protocol")).isEqualTo("version=2");
        assertThat(reply(call("/git/acme/site.git/git-upload-pack", "git-upload-pack", token))
                        .status())
                .isEqualTo(200);
        assertThat(reply(call("/git/acme/site.git/git-receive-pack", "git-receive-pack", token))
                        .status())
                .isEqualTo(403);
        assertThat(reply(request("GET /git/acme/lib.git/info/refs?service=git-upload-pack", token))
                        .status())
                .isEqualTo(403);
        assertThat(upstream.requests).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"git", "any"})
    void aPushIsRefusedWhenItIsAnnouncedInLinesThatGitPrints(String route) throws Exception {
        RawClient.Reply refused =
                reply(request("GET /" + route + "/acme/site.git/info/refs?service=git-receive-pack", token(READ)));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.field("content-type")).isEqualTo("text/plain");
        assertThat(refused.body().lines())
                .startsWith(
                        "credfs: caveat not cleared: " + READ + ": it announces POST /acme/site.git/git-receive-pack",
                        "credfs: asked: GET http://127.0.0.1:" + upstream.port()
                                + "/acme/site.git/info/refs?service=git-receive-pack")
                .hasSize(3);
        assertThat(upstream.requests).isEmpty();
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class).get(0).asked())
                .endsWith("/acme/site.git/info/refs?service=git-receive-pack");
    }

    @Test
    void whatIsSpentIsOnTheRecordWithTheService() throws Exception {
        assertThat(reply(request("GET /git/acme/site.git/info/refs?service=git-receive-pack", token()))
                        .status())
                .isEqualTo(200);
        assertThat(gateway.log.of(AuditEvent.Spent.class).get(0).asked())
                .endsWith("/acme/site.git/info/refs?service=git-receive-pack");
    }

    @Test
    void gitIsChallengedForBasicAndNothingElse() throws Exception {
        RawClient.Reply asked = reply(request("GET /git/acme/site.git/info/refs?service=git-upload-pack", ""));
        assertThat(asked.status()).isEqualTo(401);
        assertThat(asked.field("www-authenticate")).isEqualTo("Basic realm=\"credfs\"");
        assertThat(asked.body()).isEqualTo("""
                credfs: token rejected: no token: send it as Authorization: Bearer
                credfs: asked: GET http://127.0.0.1:%d/acme/site.git/info/refs?service=git-upload-pack
                """.replace("%d", String.valueOf(upstream.port())));
    }

    @ParameterizedTest
    @CsvSource({
        "GET /git/acme/site.git/info/refs, dumb protocol",
        "GET /git/acme/site.git/HEAD, no request of it",
        "GET /git/acme/site.git/objects/info/packs, no request of it",
        "GET /git/acme/site.git/info/refs/?service=git-upload-pack, no request of it",
        "PUT /git/acme/site.git/info/refs?service=git-upload-pack, info/refs is a GET",
        "GET /git/acme/site.git/info/refs?service=git-shell, the services are",
        "GET /git/acme/site.git/git-upload-pack, git-upload-pack is a POST",
        "GET /git/acme/site, no request of it",
        "GET /git/api/v4/projects, no request of it",
        "GET /git/acme/site.git/info/lfs/objects/batch, not Git LFS",
        "GET /git, no request of it",
    })
    void whatIsNotGitIsRefusedWhateverTheTokenAllows(String line, String why) throws Exception {
        RawClient.Reply refused = reply(request(line, token()));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.body())
                .contains("the route passes git's smart HTTP alone")
                .contains(why);
        assertThat(upstream.requests).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "service=git-upload-pack&service=git-receive-pack",
                "service=git-receive-pack&x=1",
                "x=1&service=git-receive-pack",
                "service=git%2dreceive-pack",
                "s%65rvice=git-receive-pack",
                "x=1"
            })
    void aQueryThatTwoServersMightReadDifferentlyIsRefusedOnEveryRoute(String query) throws Exception {
        for (String route : List.of("git", "any")) {
            assertThat(reply(request("GET /" + route + "/acme/site.git/info/refs?" + query, token()))
                            .status())
                    .isEqualTo(400);
        }
        assertThat(upstream.requests).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Type: text/plain",
                "Content-Type: application/x-git-receive-pack-request",
                "Content-Type: application/x-git-upload-pack-request; charset=utf-8",
                "X-None: 1",
            })
    void aBodyOfAnotherTypeIsRefused(String type) throws Exception {
        assertThat(reply(request("POST /git/acme/site.git/git-upload-pack", token(), type, "Content-Length: 4")
                                + "0000")
                        .status())
                .isEqualTo(400);
        assertThat(reply(call("/git/acme/site.git/git-upload-pack?x", "git-upload-pack", token()))
                        .status())
                .isEqualTo(400);
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void aBodyPassesAsItComesInChunksCompressedAndAfterAQuestion() throws Exception {
        String head = request(
                "POST /git/acme/site.git/git-receive-pack",
                token(),
                "Content-Type: application/x-git-receive-pack-request",
                "Content-Encoding: gzip",
                "Transfer-Encoding: chunked");
        assertThat(reply(head + "5\r\nab\r\nc\r\n0\r\n\r\n").status()).isEqualTo(200);
        RecordingUpstream.Request seen = upstream.requests.get(0);
        assertThat(seen.field("content-encoding")).isEqualTo("gzip");
        assertThat(seen.field("content-type")).isEqualTo("application/x-git-receive-pack-request");
    }

    @Test
    void whoIsNotGitReadsProblemsAsElsewhere() throws Exception {
        RawClient.Reply refused = reply(GatewayFixture.get("/git/acme/site", token()));
        assertThat(refused.field("content-type")).isEqualTo("application/problem+json");
        assertThat(refused.body()).contains("urn:credfs:problem:" + Problem.kind(Failure.CALLER_REFUSED));
    }
}
