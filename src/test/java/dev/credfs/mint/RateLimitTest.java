package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class RateLimitTest {
    private static final Instant NOW = Fixture.NOW;
    private static final Caller ALICE = Fixture.onHost(7, 1000);

    private final RateLimit limit = new RateLimit(3);

    private boolean takes(Caller caller, int rate, Instant now) {
        try {
            limit.take("/f", caller, rate, now);
            return true;
        } catch (RefusedException e) {
            assertThat(e.failure()).isEqualTo(Failure.BUSY);
            return false;
        }
    }

    private int takesAll(Caller caller, int rate, Instant now) {
        int taken = 0;
        while (takes(caller, rate, now)) {
            taken++;
        }
        return taken;
    }

    @Test
    void quietCallerHasAllReadsOfAMinuteAndGetsThemBackOneByOne() {
        for (int rate : new int[] {1, 7, 60, 99_999}) {
            RateLimitTest fresh = new RateLimitTest();
            Instant next = NOW.plus(Duration.ofMinutes(1).dividedBy(rate));
            assertThat(fresh.takesAll(ALICE, rate, NOW)).isEqualTo(rate);
            // Each read costs whole nanoseconds, so together they may cost some less than a minute.
            assertThat(fresh.takes(ALICE, rate, next.minusNanos(rate))).isFalse();
            assertThat(fresh.takesAll(ALICE, rate, next)).isEqualTo(1);
            assertThat(fresh.takesAll(ALICE, rate, NOW.plusSeconds(200))).isEqualTo(rate);
        }
    }

    @Test
    void refusalNamesTheLimit() {
        takesAll(ALICE, 6, NOW);
        assertThatThrownBy(() -> limit.take("/f", ALICE, 6, NOW))
                .hasMessage("over the limit of 6 reads of this file in a minute for user 1000");
        Caller agent = Fixture.inContainer(9, 0, "agent-1");
        takesAll(agent, 6, NOW);
        assertThatThrownBy(() -> limit.take("/f", agent, 6, NOW)).hasMessageEndingWith("for container agent-1");
    }

    @Test
    void anotherProcessOrUserNamespaceGivesNoReadsBack() {
        takesAll(ALICE, 5, NOW);
        assertThat(takes(Fixture.onHost(8, 1000), 5, NOW)).isFalse();
        assertThat(takes(Fixture.withPlace(ALICE, "0::/elsewhere\n", 77, Container.HOST), 5, NOW))
                .isFalse();
        assertThat(takes(Fixture.onHost(8, 1001), 5, NOW)).isTrue();
    }

    @Test
    void containerIsOneCallerWhoeverReadsInIt() {
        takesAll(Fixture.inContainer(7, 0, "agent-1"), 5, NOW);
        assertThat(takes(Fixture.inContainer(8, 1000, "agent-1"), 5, NOW)).isFalse();
        assertThat(takes(Fixture.inContainer(7, 0, "agent-2"), 5, NOW)).isTrue();
    }

    @Test
    void eachFileHasReadsOfItsOwn() throws RefusedException {
        takesAll(ALICE, 5, NOW);
        limit.take("/g", ALICE, 5, NOW);
        assertThat(limit.size()).isEqualTo(2);
    }

    @Test
    void newcomersAreRefusedWhereForgettingWouldGiveReadsBack() {
        for (int uid = 1; uid <= 3; uid++) {
            assertThat(takes(Fixture.onHost(uid, uid), 1, NOW)).isTrue();
        }
        assertThat(takes(Fixture.onHost(4, 4), 1, NOW.plusSeconds(59))).isFalse();
        assertThat(takes(Fixture.onHost(1, 1), 1, NOW.plusSeconds(59))).isFalse();
        assertThat(takes(Fixture.onHost(4, 4), 1, NOW.plusSeconds(60))).isTrue();
        assertThat(limit.size()).isEqualTo(1);
    }

    @Test
    void clockThatIsSetBackNeitherLocksOutNorGivesReads() {
        takesAll(ALICE, 6, NOW);
        Instant back = NOW.minus(Duration.ofDays(1));
        assertThat(takes(ALICE, 6, back)).isFalse();
        assertThat(takesAll(ALICE, 6, back.plusSeconds(10))).isEqualTo(1);
    }

    @Test
    void manyThreadsGetTheLimitTogether() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<Integer>> taken = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                taken.add(threads.submit(() -> takesAll(ALICE, 1000, NOW)));
            }
            int sum = 0;
            for (Future<Integer> each : taken) {
                sum += each.get();
            }
            assertThat(sum).isEqualTo(1000);
        } finally {
            threads.shutdownNow();
        }
    }
}
