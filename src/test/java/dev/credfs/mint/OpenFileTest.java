package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.policy.Tid;
import org.junit.jupiter.api.Test;

final class OpenFileTest {
    private static final byte[] OLD = {1};
    private static final byte[] NEW = {2};
    private final OpenFile file =
            new OpenFile("/f", OpenFile.Kind.TOKEN, Fixture.onHost(1, 1), Content.of(OLD, Fixture.NOW));

    @Test
    void tokenIsFreshForASecond() {
        assertThat(file.isStale(Fixture.NOW)).isFalse();
        assertThat(file.isStale(Fixture.NOW.plusSeconds(1))).isFalse();
        assertThat(file.isStale(Fixture.NOW.plusSeconds(1).plusNanos(1))).isTrue();
        assertThat(file.isStale(Fixture.NOW.minusNanos(1)))
                .as("the clock was set back")
                .isTrue();

        file.renew(Content.of(NEW, Fixture.NOW.plusSeconds(5)));
        assertThat(file.isStale(Fixture.NOW.plusSeconds(6))).isFalse();
    }

    @Test
    void contentThatMayBeHandedOutForLessIsFreshForLess() {
        file.renew(Content.endingAt(Fixture.NOW.plusMillis(300), NEW, Fixture.NOW));
        assertThat(file.isStale(Fixture.NOW.plusMillis(300))).isFalse();
        assertThat(file.isStale(Fixture.NOW.plusMillis(301))).isTrue();

        file.renew(Content.endingAt(Fixture.NOW.plusSeconds(9), NEW, Fixture.NOW));
        assertThat(file.isStale(Fixture.NOW.plusSeconds(1).plusNanos(1))).isTrue();
    }

    @Test
    void threadThatNeverBeganGoesOnWithTheNewest() {
        assertThat(file.goOn(new Tid(9))).isEqualTo(OLD);
        file.renew(Content.of(NEW, Fixture.NOW));
        assertThat(file.goOn(new Tid(9))).isEqualTo(NEW);
    }

    @Test
    void threadKeepsWhatItBeganUntilItBeginsAgain() {
        file.begin(new Tid(9));
        file.renew(Content.of(NEW, Fixture.NOW));

        assertThat(file.goOn(new Tid(9))).isEqualTo(OLD);
        assertThat(file.begin(new Tid(9))).isEqualTo(NEW);
        assertThat(file.goOn(new Tid(9))).isEqualTo(NEW);
    }

    @Test
    void moreThreadsThanItRemembersForgetTheOneThatBeganFirst() {
        for (int tid = 1; tid <= 64; tid++) {
            file.begin(new Tid(tid));
        }
        file.renew(Content.of(NEW, Fixture.NOW));
        assertThat(file.goOn(new Tid(1))).isEqualTo(OLD);

        file.begin(new Tid(65));
        assertThat(file.goOn(new Tid(1))).isEqualTo(NEW);
        assertThat(file.goOn(new Tid(2))).isEqualTo(OLD);
        assertThat(file.goOn(new Tid(65))).isEqualTo(NEW);
    }
}
