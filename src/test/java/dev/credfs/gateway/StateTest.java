package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.caveat.TokenId;
import dev.credfs.policy.Container;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a gateway must remember: revocations and counted calls, over restarts. */
@Timeout(30)
final class StateTest {
    @TempDir
    private Path directory;

    private RecordingUpstream upstream;
    private GatewayFixture gateway;

    @BeforeEach
    void start() throws Exception {
        upstream = RecordingUpstream.saying("hello");
        gateway = new GatewayFixture(directory)
                .route("api", upstream.port(), new Placement.Bearer())
                .start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        upstream.close();
    }

    @Test
    void stateIsOfOneGatewayAlone() throws Exception {
        GatewayFixture second = new GatewayFixture(directory).route("api", upstream.port(), new Placement.Bearer());
        assertThatThrownBy(second::start).hasMessageContaining("another gateway has the state directory");
        second.close();
        assertThat(status(token())).isEqualTo(200);
    }

    @Test
    void stateThatOthersWriteToIsRefused() throws Exception {
        gateway.close();
        Files.setPosixFilePermissions(directory.resolve("state"), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(gateway::start).hasMessageContaining("/state can be written by others: chmod go-w ");
    }

    private int status(String token) throws Exception {
        try (RawClient client = gateway.unix()) {
            return client.send(get("/api/", token)).reply().status();
        }
    }

    private void revoke(Revocation revocation) throws Exception {
        RevocationList.append(GatewayConfig.revocations(directory.resolve("state")), revocation);
    }

    private void becomes(int status, String token) {
        long began = System.nanoTime();
        GatewayFixture.eventually(() -> {
            try {
                return status(token) == status;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void revokedTokenIsRejectedWithinASecondAndAfterARestart() throws Exception {
        TokenId id = GatewayFixture.freshId();
        String token = token(id, Duration.ofMinutes(5));
        assertThat(status(token)).isEqualTo(200);
        revoke(new Revocation.OfToken(id));
        becomes(401, token);
        assertThat(status(token())).as("another token").isEqualTo(200);
        gateway.restart();
        assertThat(status(token)).isEqualTo(401);
    }

    @Test
    void connectionThatShowsATokenAgainIsAskedAgain() throws Exception {
        TokenId id = GatewayFixture.freshId();
        String revoked = token(id, Duration.ofMinutes(5));
        String narrowed = token("path = /one");
        try (RawClient client = gateway.unix()) {
            assertThat(client.send(get("/api/one", narrowed)).reply().status()).isEqualTo(200);
            assertThat(client.send(get("/api/two", narrowed)).reply().status()).isEqualTo(403);
            assertThat(client.send(get("/api/one", revoked)).reply().status()).isEqualTo(200);
            revoke(new Revocation.OfToken(id));
            becomes(401, revoked);
            assertThat(client.send(get("/api/one", revoked)).reply().status()).isEqualTo(401);
            assertThat(client.send(get("/api/one", narrowed)).reply().status()).isEqualTo(200);
            gateway.nowOrLater = Instant.now().plus(Duration.ofMinutes(6));
            assertThat(client.send(get("/api/one", narrowed)).reply().status()).isEqualTo(401);
        }
    }

    @Test
    void revokedContainerNeitherPresentsNorIsReadFor() throws Exception {
        ContainerCaveat agent = new ContainerCaveat(new Container("agent-7").idSha256());
        assertThat(status(token())).isEqualTo(200);
        revoke(new Revocation.OfContainer(agent));
        becomes(401, token(agent.predicate()));
        gateway.container = new Container("agent-7");
        assertThat(status(token())).isEqualTo(401);
        gateway.container = new Container("agent-8");
        assertThat(status(token())).isEqualTo(200);
    }

    @Test
    void revokedKeyTakesEveryTokenAndRevokeAllThoseMadeUntilThen() throws Exception {
        String before = token();
        assertThat(status(before)).isEqualTo(200);
        revoke(new Revocation.OfAllUntil(Instant.now()));
        becomes(401, before);
        assertThat(status(token())).as("made afterwards").isEqualTo(200);
        revoke(new Revocation.OfKey(GatewayFixture.KEY_ID));
        becomes(401, token());
    }

    private List<String> recorded() {
        return gateway.log.of(AuditEvent.Revoked.class).stream()
                .map(AuditEvent.Revoked::revocation)
                .toList();
    }

    @Test
    void eachRevocationIsRecordedOnceWithoutAnyRequestAndOverRestarts() throws Exception {
        Revocation first = new Revocation.OfToken(GatewayFixture.freshId());
        Revocation second = new Revocation.OfToken(GatewayFixture.freshId());
        Revocation whileItWasDown = new Revocation.OfKey(GatewayFixture.KEY_ID);
        revoke(first);
        GatewayFixture.eventually(() -> recorded().contains(first.line()));
        gateway.restart();
        revoke(second);
        GatewayFixture.eventually(() -> recorded().contains(second.line()));
        gateway.close();
        revoke(whileItWasDown);
        gateway.start();
        GatewayFixture.eventually(() -> recorded().contains(whileItWasDown.line()));
        assertThat(recorded()).containsExactly(first.line(), second.line(), whileItWasDown.line());
    }

    @Test
    void revocationThatCannotBeRecordedIsInForceAndRecordedLater() throws Exception {
        TokenId id = GatewayFixture.freshId();
        String token = token(id, Duration.ofMinutes(5));
        assertThat(status(token)).isEqualTo(200);
        GatewayFixture.eventually(
                () -> !gateway.log.of(AuditEvent.Answered.class).isEmpty());
        gateway.log.full = true;
        Revocation revocation = new Revocation.OfToken(id);
        revoke(revocation);
        GatewayFixture.eventually(() -> gateway.log.refusedEvents.get() > 0);
        assertThat(status(token)).as("no log, no answer but this").isEqualTo(503);
        gateway.log.full = false;
        assertThat(status(token)).isEqualTo(401);
        GatewayFixture.eventually(() -> recorded().equals(List.of(revocation.line())));
    }

    @Test
    void whileTheListCannotBeReadNothingIsHonoured() throws Exception {
        Path list = GatewayConfig.revocations(directory.resolve("state"));
        revoke(new Revocation.OfToken(GatewayFixture.freshId()));
        String token = token();
        assertThat(status(token)).isEqualTo(200);
        Files.writeString(list, "jti\n", StandardCharsets.US_ASCII);
        becomes(503, token);
        Files.delete(list);
        GatewayFixture.eventually(
                () -> !gateway.log.of(AuditEvent.RefusedRequest.class).isEmpty());
        assertThat(status(token)).isEqualTo(503);
    }

    @Test
    void listThatWasInForceIsMissedAfterARestart() throws Exception {
        revoke(new Revocation.OfToken(GatewayFixture.freshId()));
        GatewayFixture.eventually(() -> !recorded().isEmpty());
        Path copy = GatewayConfig.revocations(directory.resolve("state")).resolveSibling("revoked.recorded");
        GatewayFixture.eventually(() -> Files.exists(copy));
        gateway.close();
        Files.delete(GatewayConfig.revocations(directory.resolve("state")));
        gateway.start();
        assertThat(status(token())).isEqualTo(503);
    }

    @Test
    void noCallTooManyWhoeverAsksAtOnce() throws Exception {
        String token = token("max-calls = 20");
        AtomicInteger passed = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> {
                try (RawClient client = gateway.unix()) {
                    for (int call = 0; call < 10; call++) {
                        if (client.send(get("/api/", token)).reply().status() == 200) {
                            passed.incrementAndGet();
                        }
                    }
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(passed.get()).isEqualTo(20);
        assertThat(upstream.requests).hasSize(20);
    }

    @Test
    void callsAreCountedOverRestarts() throws Exception {
        String token = token("max-calls = 3");
        assertThat(status(token)).isEqualTo(200);
        gateway.restart();
        assertThat(status(token)).isEqualTo(200);
        gateway.restart();
        assertThat(status(token)).isEqualTo(200);
        gateway.restart();
        assertThat(status(token)).isEqualTo(403);
        assertThat(status(token("max-calls = 1"))).as("another token").isEqualTo(200);
    }

    @Test
    void narrowerTokensOfOneTokenShareItsCount() throws Exception {
        TokenId id = GatewayFixture.freshId();
        assertThat(status(token(id, Duration.ofMinutes(5), "max-calls = 3"))).isEqualTo(200);
        assertThat(status(token(id, Duration.ofMinutes(5), "max-calls = 3", "max-calls = 1")))
                .isEqualTo(403);
        assertThat(status(token(id, Duration.ofMinutes(5), "max-calls = 3", "max-calls = 2")))
                .isEqualTo(200);
        assertThat(status(token(id, Duration.ofMinutes(5), "max-calls = 3"))).isEqualTo(200);
        assertThat(status(token(id, Duration.ofMinutes(5), "max-calls = 3"))).isEqualTo(403);
    }

    @Test
    void callsThatNobodyCouldTellApartAreNotAllowed() throws Exception {
        String withoutId = GatewayFixture.tokenOf("max-calls = 3");
        assertThat(status(withoutId)).isEqualTo(403);
        assertThat(upstream.requests).isEmpty();
        gateway.restart();
    }

    @Test
    void dryRunCountsNoCall() throws Exception {
        TokenId id = GatewayFixture.freshId();
        String token = token(id, Duration.ofMinutes(5), "max-calls = 1");
        gateway.close();
        gateway.dry().start();
        for (int i = 0; i < 3; i++) {
            assertThat(status(token)).isEqualTo(200);
        }
        assertThat(gateway.log.of(AuditEvent.RefusedRequest.class)).isEmpty();
        gateway.close();
        gateway.enforcing().start();
        assertThat(status(token)).isEqualTo(200);
        assertThat(status(token)).isEqualTo(403);
        gateway.close();
        gateway.dry().start();
        assertThat(status(token)).as("spent up, and let through").isEqualTo(200);
        AuditEvent.RefusedRequest last =
                gateway.log.of(AuditEvent.RefusedRequest.class).get(1);
        assertThat(last.letThrough()).isTrue();
        assertThat(last.why()).isEqualTo("max-calls = 1: all calls are spent");
        assertThat(last.tokenId()).isEqualTo(id.ulid());
    }

    @Test
    void countThatIsNoCountStopsTheStart() throws Exception {
        gateway.close();
        Path calls = directory.resolve("state").resolve("calls");
        Files.writeString(calls, "01ARZ3NDEKTSV4RRFFQ69G5FAV soon\n", StandardCharsets.US_ASCII);
        assertThatThrownBy(() -> gateway.start()).hasMessageContaining("not a line of a call ledger");
        Files.delete(calls);
        gateway.start();
    }
}
