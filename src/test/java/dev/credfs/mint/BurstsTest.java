package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.policy.Caller;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class BurstsTest {
    private static final Caller TAR = Fixture.onHost(7, 1000);

    private final Bursts bursts = new Bursts(3);

    /** How many bursts begin while the caller reads so many files, one after the other. */
    private int begun(Caller caller, int files, Instant from, long millisBetween) {
        int begun = 0;
        for (int i = 0; i < files; i++) {
            begun += bursts.beginsWith("/f" + i, caller, from.plusMillis(i * millisBetween)) ? 1 : 0;
        }
        return begun;
    }

    @Test
    void fifthDifferentFileWithinASecondBeginsOneBurst() {
        assertThat(begun(TAR, 4, Fixture.NOW, 10)).isZero();
        assertThat(bursts.beginsWith("/f4", TAR, Fixture.NOW.plusMillis(1000))).isTrue();
        assertThat(begun(TAR, 20, Fixture.NOW.plusMillis(1010), 900)).isZero();
    }

    @Test
    void sameFileCountsOnce() {
        for (int i = 0; i < 100; i++) {
            assertThat(bursts.beginsWith("/f" + i % 4, TAR, Fixture.NOW.plusMillis(i)))
                    .isFalse();
        }
    }

    @Test
    void slowReaderIsNone() {
        assertThat(begun(TAR, 100, Fixture.NOW, 251)).isZero();
        assertThat(begun(Fixture.onHost(8, 1000), 100, Fixture.NOW, 250)).isEqualTo(1);
    }

    @Test
    void nextBurstIsMarkedAgain() {
        assertThat(begun(TAR, 20, Fixture.NOW, 10)).isEqualTo(1);
        assertThat(begun(TAR, 20, Fixture.NOW.plusSeconds(2), 10)).isEqualTo(1);
    }

    @Test
    void processesAreToldApart() {
        assertThat(begun(TAR, 4, Fixture.NOW, 1)).isZero();
        assertThat(bursts.beginsWith("/f4", Fixture.onHost(8, 1000), Fixture.NOW))
                .isFalse();
    }

    @Test
    void boundedNumberOfProcessesIsRemembered() {
        for (int pid = 1; pid < 100; pid++) {
            begun(Fixture.onHost(pid, 1000), 1, Fixture.NOW, 0);
        }
        assertThat(bursts.size()).isEqualTo(3);
    }
}
