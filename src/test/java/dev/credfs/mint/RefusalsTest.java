package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class RefusalsTest {
    private static final Instant NOW = Fixture.NOW;
    private static final Caller ALICE = Fixture.onHost(7, 1000);

    private final RecordInMemory record = new RecordInMemory();
    private final Refusals refusals = new Refusals(record, 3);

    private static AuditEvent.Refused refused(Caller caller, String path, Duration after) {
        return new AuditEvent.Refused(NOW.plus(after), 1, path, caller, Failure.CALLER_REFUSED, "no rule");
    }

    private void refuse(Caller caller, String path, Duration after) throws AuditUnavailableException {
        refusals.record(refused(caller, path, after));
    }

    private long counted() {
        return record.events(AuditEvent.Refused.class).size()
                + record.events(AuditEvent.RefusedAgain.class).stream()
                        .mapToLong(AuditEvent.RefusedAgain::times)
                        .sum();
    }

    @Test
    void firstIsRecordedAtOnceAndRepetitionsAsOneRecordWhenTheMinuteIsOver() throws Exception {
        for (int i = 0; i < 1000; i++) {
            refuse(ALICE, "/f", Duration.ofMillis(10L * i));
        }
        assertThat(record.events()).containsExactly(refused(ALICE, "/f", Duration.ZERO));
        refusals.recordDue(NOW.plusSeconds(59));
        assertThat(record.events()).hasSize(1);
        refusals.recordDue(NOW.plusSeconds(60));
        assertThat(record.events().get(1))
                .isEqualTo(new AuditEvent.RefusedAgain(
                        NOW.plusSeconds(60), 999, NOW.plusMillis(10), refused(ALICE, "/f", Duration.ofMillis(9990))));
        refuse(ALICE, "/f", Duration.ofSeconds(61));
        assertThat(record.events()).hasSize(3).last().isInstanceOf(AuditEvent.Refused.class);
        refusals.recordAll(NOW.plusSeconds(62));
        assertThat(record.events()).hasSize(3);
    }

    @Test
    void otherFilesReasonsUsersAndContainersAreOtherRefusals() throws Exception {
        Refusals many = new Refusals(record, 100);
        many.record(refused(ALICE, "/f", Duration.ZERO));
        many.record(refused(ALICE, "/g", Duration.ZERO));
        many.record(refused(Fixture.onHost(7, 1001), "/f", Duration.ZERO));
        many.record(refused(Fixture.inContainer(7, 1000, "agent-1"), "/f", Duration.ZERO));
        many.record(new AuditEvent.Refused(NOW, 1, "/f", ALICE, Failure.BUSY, "over the limit"));
        many.record(new AuditEvent.RefusedRead(NOW, "/f", ALICE, ALICE, "no"));
        many.record(new AuditEvent.RefusedUnclear(NOW, "/f", 7, 1000, Failure.CALLER_REFUSED, "traced"));
        assertThat(record.events()).hasSize(7);
    }

    @Test
    void newProcessesOfOneUserAreRecordedUpToABound() throws Exception {
        for (int pid = 1; pid <= 50; pid++) {
            refuse(Fixture.onHost(pid, 1000), "/f", Duration.ZERO);
        }
        assertThat(record.events()).hasSize(Refusals.MOST_AT_ONCE);
        refusals.recordAll(NOW);
        assertThat(record.events()).hasSize(Refusals.MOST_AT_ONCE + 1);
        assertThat(counted()).isEqualTo(50);
    }

    @Test
    void whatDoesNotFitIntoTheMemoryIsCountedTogether() throws Exception {
        for (int uid = 1; uid <= 50; uid++) {
            refuse(Fixture.onHost(uid, uid), "/f", Duration.ZERO);
        }
        assertThat(refusals.size()).isEqualTo(4);
        assertThat(record.events()).hasSize(3);
        refusals.recordAll(NOW);
        assertThat(record.events()).hasSize(4);
        assertThat(counted()).isEqualTo(50);
    }

    @Test
    void nothingIsLostWhileTheDiskIsFull() throws Exception {
        record.setFull(true);
        assertThatThrownBy(() -> refuse(ALICE, "/f", Duration.ZERO)).isInstanceOf(AuditUnavailableException.class);
        refuse(ALICE, "/f", Duration.ofSeconds(1));
        assertThatThrownBy(() -> refusals.recordDue(NOW.plusSeconds(60))).isInstanceOf(AuditUnavailableException.class);
        refusals.count(refused(ALICE, "/f", Duration.ofSeconds(61)));
        record.setFull(false);
        refusals.recordAll(NOW.plusSeconds(62));
        assertThat(record.events())
                .containsExactly(new AuditEvent.RefusedAgain(
                        NOW.plusSeconds(62), 3, NOW, refused(ALICE, "/f", Duration.ofSeconds(61))));
    }

    @Test
    void clockThatIsSetBackEndsTheMinute() throws Exception {
        refuse(ALICE, "/f", Duration.ZERO);
        refuse(ALICE, "/f", Duration.ofSeconds(1));
        refuse(ALICE, "/f", Duration.ofHours(-1));
        assertThat(record.events()).hasSize(3).last().isEqualTo(refused(ALICE, "/f", Duration.ofHours(-1)));
    }
}
