package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What {@code rate} and {@code coalesce} do to opens, and what stands on the record of it. */
final class PaceTest {
    private static final Duration TTL = Duration.ofMinutes(5);
    private static final Caller KUBECTL = Fixture.onHost(7, 1000);

    private final List<AuditEvent> record = new ArrayList<>();
    private Instant now = Fixture.NOW;
    private boolean recordable = true;

    private void append(AuditEvent event) throws AuditUnavailableException {
        if (!recordable) {
            throw new AuditUnavailableException("the disk is full");
        }
        record.add(event);
    }

    private Mint mint(Directory tree) {
        return new Mint(tree, this::append, () -> now, new SecureRandom(), 100);
    }

    private Mint mint(Pace pace, Policy policy) {
        return mint(Directory.of(Map.of("f", Fixture.file("/f", TTL, policy, pace))));
    }

    private Mint coalescing(int seconds) {
        return mint(new Pace(Integer.MAX_VALUE, Duration.ofSeconds(seconds)), Fixture.ANYBODY);
    }

    private String cat(Mint mint, Caller caller) throws RefusedException {
        FileHandle handle = mint.open("/f", caller);
        Slice slice = mint.read(handle, caller, 0, 4096);
        mint.release(handle);
        return new String(slice.content(), slice.from(), slice.lengthBytes(), StandardCharsets.US_ASCII);
    }

    @Test
    void overItsRateACallerIsRefusedOnTheRecord() throws Exception {
        Mint mint = mint(new Pace(3, Duration.ZERO), Fixture.ANYBODY);
        for (int i = 0; i < 3; i++) {
            cat(mint, KUBECTL);
        }
        String why = "over the limit of 3 reads of this file in a minute for user 1000";
        assertThatThrownBy(() -> cat(mint, KUBECTL))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.failure()).isEqualTo(Failure.BUSY))
                .hasMessage(why);
        assertThat(record)
                .hasSize(4)
                .last()
                .isEqualTo(new AuditEvent.Refused(now, 1, "/f", KUBECTL, Failure.BUSY, why));
        assertThat(mint.openFileCount()).isZero();
        cat(mint, Fixture.onHost(8, 1001));
        now = now.plusSeconds(20);
        cat(mint, KUBECTL);
    }

    @Test
    void foreseeingSaysWhatTheNextOpenDoesAndTakesNothing() throws Exception {
        TokenFile file = Fixture.file("/f", TTL, Fixture.ANYBODY, new Pace(2, Duration.ofSeconds(5)));
        Mint mint = mint(Directory.of(Map.of("f", file)));
        assertThat(mint.foresee(file, KUBECTL).readsLeft()).isEqualTo(2);
        assertThat(mint.foresee(file, KUBECTL).again()).isFalse();
        assertThat(record).isEmpty();

        cat(mint, KUBECTL);
        Mint.Outlook next = mint.foresee(file, KUBECTL);
        assertThat(next.readsLeft()).isEqualTo(1);
        assertThat(next.again()).isTrue();
        cat(mint, KUBECTL);
        assertThat(record.get(1))
                .isInstanceOfSatisfying(
                        AuditEvent.Coalesced.class,
                        event -> assertThat(event.tokenId())
                                .isEqualTo(next.token().id().ulid()));
        assertThatThrownBy(() -> mint.foresee(file, KUBECTL)).hasMessageContaining("over the limit of 2");
        assertThatThrownBy(() -> cat(mint, KUBECTL)).hasMessageContaining("over the limit of 2");
        assertThat(mint.counts()).isEqualTo(new Counts.Snapshot(1, 1, Map.of(Failure.BUSY, 1L)));
    }

    @Test
    void eachRecordNamesTheGenerationOfTheConfiguration() throws Exception {
        Mint mint = mint(Pace.FREE, Fixture.ANYBODY);
        cat(mint, KUBECTL);
        Mint.Edition next = mint.edition(Directory.of(Map.of("f", Fixture.file("/f", TTL, Fixture.ANYBODY))));
        assertThat(mint.generation()).isEqualTo(1);
        next.serve();
        cat(mint, KUBECTL);
        assertThat(record)
                .extracting(event -> ((AuditEvent.Minted) event).generation())
                .containsExactly(1L, next.generation())
                .containsExactly(1L, 2L);
    }

    @Test
    void whomNoRuleAllowsTakesNobodysReads() throws Exception {
        Policy rootOnly = new Policy(List.of(new Rule(List.of(new Condition.HasUid(new Uid(0))), Narrowing.NONE)));
        Mint mint = mint(new Pace(1, Duration.ZERO), rootOnly);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> cat(mint, Fixture.inContainer(7, 1000, "agent-1")))
                    .hasMessageContaining("none of the 1 rules");
        }
        cat(mint, Fixture.inContainer(8, 0, "agent-1"));
    }

    @Test
    void reloadGivesNoReadsBack() throws Exception {
        Mint mint = mint(new Pace(1, Duration.ZERO), Fixture.ANYBODY);
        cat(mint, KUBECTL);
        mint.edition(Directory.of(Map.of("f", Fixture.file("/f", TTL, Fixture.ANYBODY, new Pace(1, Duration.ZERO)))))
                .serve();
        assertThatThrownBy(() -> cat(mint, KUBECTL)).hasMessageContaining("over the limit of 1");
    }

    @Test
    void sameProcessGetsTheSameTokenForAWhile() throws Exception {
        Mint mint = coalescing(2);
        String first = cat(mint, KUBECTL);
        now = now.plusMillis(1999);
        assertThat(cat(mint, KUBECTL)).isEqualTo(first);
        now = now.plusMillis(1);
        assertThat(cat(mint, KUBECTL)).isNotEqualTo(first);
        AuditEvent.Minted minted = (AuditEvent.Minted) record.get(0);
        assertThat(record.get(1))
                .isEqualTo(new AuditEvent.Coalesced(
                        minted.at().plusMillis(1999), 1, "/f", KUBECTL, minted.tokenId(), minted.at()));
        assertThat(record.get(2)).isInstanceOf(AuditEvent.Minted.class);
        assertThat(record).hasSize(3);
    }

    @Test
    void withoutCoalesceEachOpenMints() throws Exception {
        Mint mint = mint(Pace.FREE, Fixture.ANYBODY);
        assertThat(cat(mint, KUBECTL)).isNotEqualTo(cat(mint, KUBECTL));
    }

    @Test
    void anotherThreadIsTheSameProcessAndNothingElseIs() throws Exception {
        Mint mint = coalescing(10);
        String first = cat(mint, KUBECTL);
        Caller thread = new Caller(
                new Tid(12345),
                KUBECTL.pid(),
                KUBECTL.startTicks(),
                KUBECTL.uid(),
                KUBECTL.gid(),
                KUBECTL.executable(),
                KUBECTL.cgroup(),
                KUBECTL.userNamespace(),
                KUBECTL.container());
        assertThat(cat(mint, thread)).isEqualTo(first);
        List<Caller> others = List.of(
                Fixture.onHost(8, 1000),
                Fixture.onHost(7, 1001),
                Fixture.withPlace(KUBECTL, "0::/x\n", KUBECTL.userNamespace(), KUBECTL.container()),
                Fixture.withPlace(KUBECTL, KUBECTL.cgroup(), 5, KUBECTL.container()),
                Fixture.inContainer(7, 1000, "agent-1"));
        for (Caller other : others) {
            assertThat(cat(mint, other)).as("%s", other).isNotEqualTo(first);
        }
    }

    @Test
    void changedConfigurationMintsAnew() throws Exception {
        Mint mint = coalescing(10);
        String first = cat(mint, KUBECTL);
        mint.edition(Directory.of(Map.of(
                        "f",
                        Fixture.file("/f", TTL, Fixture.ANYBODY, new Pace(Integer.MAX_VALUE, Duration.ofSeconds(10))))))
                .serve();
        assertThat(cat(mint, KUBECTL)).isNotEqualTo(first);
    }

    @Test
    void tokenOfAnEarlierRefreshWindowIsNotGivenAgain() throws Exception {
        // Windows of 150 seconds: one begins at 03:05.
        now = Instant.parse("2026-01-02T03:04:59.9Z");
        Mint mint = coalescing(10);
        String first = cat(mint, KUBECTL);
        now = now.plusMillis(99);
        assertThat(cat(mint, KUBECTL)).isEqualTo(first);
        now = now.plusMillis(1);
        assertThat(cat(mint, KUBECTL)).isNotEqualTo(first);
    }

    @Test
    void tokenWithLessThanHalfItsTtlIsNotGivenAgain() {
        TokenFile file =
                Fixture.file("/f", Duration.ofSeconds(9), Fixture.ANYBODY, new Pace(1, Duration.ofSeconds(10)));
        Instant windowStart = file.windowStart(now);
        try {
            TokenFile.Minted minted = Fixture.mint(file, KUBECTL, windowStart);
            assertThat(file.mayGiveAgain(minted, windowStart.plusMillis(3999))).isTrue();
            TokenFile.Minted dying = new TokenFile.Minted(
                    minted.at(),
                    minted.content(),
                    minted.id(),
                    minted.fingerprint(),
                    minted.caveats(),
                    windowStart.plusSeconds(5),
                    minted.grant());
            assertThat(file.mayGiveAgain(dying, windowStart.plusMillis(500))).isTrue();
            assertThat(file.mayGiveAgain(dying, windowStart.plusMillis(501))).isFalse();
            assertThat(file.mayGiveAgain(minted, windowStart.minusMillis(1))).isFalse();
        } catch (RefusedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void heldDescriptorGetsNoTokenOlderThanCoalesceAllows() throws Exception {
        Mint mint = coalescing(2);
        FileHandle first = mint.open("/f", KUBECTL);
        byte[] token = mint.read(first, KUBECTL, 0, 4096).content();
        now = now.plusMillis(1900);
        FileHandle second = mint.open("/f", KUBECTL);
        assertThat(mint.read(second, KUBECTL, 0, 4096).content()).isEqualTo(token);
        now = now.plusMillis(200);
        assertThat(mint.read(second, KUBECTL, 0, 4096).content()).isNotEqualTo(token);
    }

    @Test
    void unrecordedTokenIsNotKept() throws Exception {
        Mint mint = coalescing(2);
        recordable = false;
        assertThatThrownBy(() -> cat(mint, KUBECTL)).hasMessage("the disk is full");
        recordable = true;
        cat(mint, KUBECTL);
        assertThat(record).hasSize(1).first().isInstanceOf(AuditEvent.Minted.class);
        recordable = false;
        assertThatThrownBy(() -> cat(mint, KUBECTL)).hasMessage("the disk is full");
    }

    @Test
    void boundedNumberOfTokensIsKept() throws Exception {
        RecentTokens tokens = new RecentTokens(3);
        TokenFile file = Fixture.file("/f", TTL, Fixture.ANYBODY, new Pace(1, Duration.ofSeconds(2)));
        for (int pid = 1; pid < 10; pid++) {
            Caller caller = Fixture.onHost(pid, 1);
            tokens.keep(file, caller, Fixture.mint(file, caller, now));
        }
        assertThat(tokens.size()).isEqualTo(3);
        TokenFile.Minted any = Fixture.mint(file, KUBECTL, now);
        tokens.find(file, KUBECTL, any.grant(), now.plusSeconds(11));
        assertThat(tokens.size()).isZero();
    }

    @Test
    void manyFilesAtOnceAreMarkedBesideTheRecordOfEachToken() throws Exception {
        Map<String, Node> files = new HashMap<>();
        for (int i = 0; i < 20; i++) {
            files.put("f" + i, Fixture.file("/f" + i, TTL, Fixture.ANYBODY));
        }
        Mint mint = mint(Directory.of(files));
        for (int i = 0; i < 20; i++) {
            mint.release(mint.open("/f" + i, KUBECTL));
            now = now.plusMillis(20);
        }
        assertThat(record).filteredOn(AuditEvent.Minted.class::isInstance).hasSize(20);
        assertThat(record)
                .filteredOn(AuditEvent.Bulk.class::isInstance)
                .containsExactly(new AuditEvent.Bulk(Fixture.NOW.plusMillis(80), KUBECTL, 5, Duration.ofSeconds(1)));
    }

    @Test
    void neverForLongerThanTenSeconds() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Pace(1, Duration.ofMillis(10_001)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Pace(1, Duration.ofMillis(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> new Pace(0, Duration.ZERO));
    }
}
