package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.TokenId;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Container;
import dev.credfs.policy.ContainerGlob;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A gateway that only looks at caveats. What it counts is in {@link StateTest}. */
@Timeout(30)
final class DryRunTest {
    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("hello");
        Rule agents = new Rule(
                List.of(new Condition.InContainer(new ContainerGlob("agent-*"))),
                new Narrowing(Duration.ofDays(1), List.of(), true));
        gateway = new GatewayFixture(directory)
                .route("api", upstream.port(), new Placement.Bearer())
                .route(new Route(
                        "peer",
                        Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of()),
                        GatewayFixture.fixed(new Placement.Bearer()),
                        new Identity.ByPeer(new Policy(List.of(agents)), List.of(Caveat.parse("path = /repos/**"))),
                        false,
                        true))
                .dry()
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    private int status(String token) throws Exception {
        try (RawClient client = gateway.unix()) {
            return client.send(get("/api/user", token)).reply().status();
        }
    }

    @Test
    void caveatInTheWayIsRecordedAndLetThrough() throws Exception {
        TokenId id = GatewayFixture.freshId();
        assertThat(status(token(id, Duration.ofMinutes(5), "method = POST"))).isEqualTo(200);
        assertThat(upstream.requests.get(0).field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
        AuditEvent.RefusedRequest refused =
                gateway.log.of(AuditEvent.RefusedRequest.class).get(0);
        assertThat(refused.letThrough()).isTrue();
        assertThat(refused.tokenId()).isEqualTo(id.ulid());
        assertThat(refused.failure()).isEqualTo(Failure.CAVEAT_NOT_CLEARED);
        assertThat(refused.why()).isEqualTo("method = POST: the method is GET");
        assertThat(gateway.log.of(AuditEvent.Spent.class)).hasSize(1);
    }

    @Test
    void expiredTokenIsLetThroughToo() throws Exception {
        String token = token();
        gateway.nowOrLater = Instant.now().plus(Duration.ofMinutes(6));
        assertThat(status(token)).isEqualTo(200);
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class).get(0).failure())
                .isEqualTo(Failure.TOKEN_REJECTED);
    }

    @Test
    void peerThatARuleNamesIsLetThroughAndNoOther() throws Exception {
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/peer/user", "")).reply().status()).isEqualTo(403);
        }
        assertThat(upstream.requests).isEmpty();
        gateway.container = new Container("agent-7");
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/peer/user", "")).reply().status()).isEqualTo(200);
        }
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class))
                .extracting(AuditEvent.RefusedRequest::letThrough)
                .containsExactly(false, true);
    }

    @Test
    void whatDoesNotVerifyOrIsRevokedIsRefusedAsEver() throws Exception {
        String good = token();
        String forged = good.substring(0, good.length() - 2) + (good.endsWith("AA") ? "QA" : "AA");
        assertThat(status(forged)).isIn(400, 401);
        assertThat(status("bad!")).isEqualTo(400);
        assertThat(status("")).isEqualTo(401);
        assertThat(upstream.requests).isEmpty();
        TokenId id = GatewayFixture.freshId();
        RevocationList.append(GatewayConfig.revocations(directory.resolve("state")), new Revocation.OfToken(id));
        GatewayFixture.eventually(() -> {
            try {
                return status(token(id, Duration.ofMinutes(5))) == 401;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void withoutARecordNothingIsLetThrough() throws Exception {
        gateway.log.full = true;
        assertThat(status(token("method = POST"))).isEqualTo(503);
        assertThat(upstream.requests).isEmpty();
    }
}
