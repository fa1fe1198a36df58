package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Container;
import dev.credfs.policy.ContainerGlob;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A route that gives its credential to whoever its rules name, without a token. */
@Timeout(30)
final class PeerIdentityTest {
    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("hello");
        Rule reading = new Rule(
                List.of(new Condition.InContainer(new ContainerGlob("agent-*"))),
                new Narrowing(Duration.ofDays(1), List.of(Caveat.parse("method = GET,HEAD")), true));
        gateway = new GatewayFixture(directory)
                .route(new Route(
                        "api",
                        Upstream.parse("http://127.0.0.1:" + upstream.port(), true, List.of()),
                        GatewayFixture.fixed(new Placement.Bearer()),
                        new Identity.ByPeer(new Policy(List.of(reading)), List.of(Caveat.parse("path = /repos/**"))),
                        false,
                        true))
                .intercepting()
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    private RawClient.Reply ask(RawClient client, String method, String target, String... fields) throws Exception {
        try (client) {
            return client.send(method + " " + target + " HTTP/1.1\r\nHost: gateway\r\nContent-Length: 0\r\n"
                            + String.join("", fields) + "\r\n")
                    .reply();
        }
    }

    @Test
    void peerThatARuleNamesGetsTheCredentialAndIsOnRecordWithTheRule() throws Exception {
        gateway.container = new Container("agent-7");
        assertThat(ask(gateway.unix(), "GET", "/api/repos/x").status()).isEqualTo(200);
        assertThat(upstream.requests.get(0).field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
        AuditEvent.Spent spent = gateway.log.of(AuditEvent.Spent.class).get(0);
        assertThat(spent.tokenId()).isEmpty();
        assertThat(spent.rule()).isEqualTo("{ container: \"agent-*\" }");
        assertThat(spent.peer()).contains("agent-7");
        GatewayFixture.eventually(
                () -> gateway.log.of(AuditEvent.Answered.class).size() == 1);
    }

    @Test
    void whatItSendsAsATokenIsDropped() throws Exception {
        gateway.container = new Container("agent-7");
        for (String field : List.of(
                "Authorization: Bearer dummy\r\n",
                "Authorization: Digest x\r\n",
                "Authorization: Bearer " + token("method = POST") + "\r\n",
                "X-Api-Key: a\r\nPrivate-Token: b\r\n")) {
            assertThat(ask(gateway.unix(), "GET", "/api/repos/x", field).status())
                    .isEqualTo(200);
            RecordingUpstream.Request seen = upstream.requests.get(upstream.requests.size() - 1);
            assertThat(seen.field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
            assertThat(seen.head()).doesNotContain("Api-Key").doesNotContain("Private-Token");
        }
    }

    @Test
    void everyOtherPeerIsRefusedWhateverItSends() throws Exception {
        for (Container container : List.of(Container.HOST, new Container("other-1"))) {
            gateway.container = container;
            RawClient.Reply reply =
                    ask(gateway.unix(), "GET", "/api/repos/x", "Authorization: Bearer " + token() + "\r\n");
            assertThat(reply.status()).isEqualTo(403);
            assertThat(reply.body())
                    .contains("none of the 1 rules matches the caller")
                    .doesNotContain("explain");
        }
        assertThat(upstream.requests).isEmpty();
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class))
                .extracting(AuditEvent.RefusedRequest::failure)
                .containsExactly(Failure.CALLER_REFUSED, Failure.CALLER_REFUSED);
    }

    @Test
    void ruleAndRouteLimitTheRequests() throws Exception {
        gateway.container = new Container("agent-7");
        RawClient.Reply method = ask(gateway.unix(), "POST", "/api/repos/x");
        assertThat(method.status()).isEqualTo(403);
        assertThat(method.body()).contains("\"caveat\":\"method = GET,HEAD\",\"why\":\"the method is POST\"");
        RawClient.Reply path = ask(gateway.unix(), "GET", "/api/user");
        assertThat(path.status()).isEqualTo(403);
        assertThat(path.body()).contains("path = /repos/**").doesNotContain("explain");
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void overTcpNobodyIsSeenAndEverybodyRefused() throws Exception {
        gateway.container = new Container("agent-7");
        RawClient.Reply reply = ask(gateway.tcp(), "GET", "/api/repos/x", "Authorization: Bearer " + token() + "\r\n");
        assertThat(reply.status()).isEqualTo(403);
        assertThat(reply.body()).contains("by the unix socket ('identity: peer'), and this is TCP");
        assertThat(upstream.requests).isEmpty();
    }

    @Test
    void ruleOfTheRouteHoldsUnderTheUpstreamsNameToo() throws Exception {
        String host = "127.0.0.1:" + upstream.port();
        gateway.container = new Container("agent-7");
        try (RawClient client = gateway.unix()) {
            client.send("CONNECT " + host + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
            assertThat(client.replyToHead().status()).isEqualTo(200);
            client.send("GET /repos/y HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
            assertThat(client.reply().status()).isEqualTo(200);
            client.send("GET /user HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
            assertThat(client.reply().status()).isEqualTo(403);
        }
        assertThat(upstream.requests).hasSize(1);
    }

    @Test
    void withoutARecordNothingIsForwarded() throws Exception {
        gateway.container = new Container("agent-7");
        gateway.log.full = true;
        assertThat(ask(gateway.unix(), "GET", "/api/repos/x").status()).isEqualTo(503);
        assertThat(upstream.requests).isEmpty();
    }
}
