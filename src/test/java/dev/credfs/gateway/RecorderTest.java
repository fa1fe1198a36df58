package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecorderTest {
    private static final AuditEvent EVENT = new AuditEvent.Stopped(Instant.EPOCH, 1, "test");

    @TempDir
    private Path directory;

    @Test
    void whoWaitsForADiskThatHangsIsRefusedAndNeverServedLater() throws Exception {
        CountDownLatch disk = new CountDownLatch(1);
        CountDownLatch inTheWrite = new CountDownLatch(1);
        AuditLog hung = event -> {
            inTheWrite.countDown();
            try {
                disk.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        BlockingQueue<String> answers = new LinkedBlockingQueue<>();
        try (CallLedger calls = CallLedger.open(directory.resolve("calls"), InstantSource.system());
                Recorder recorder = new Recorder(hung, calls, false, new Metrics(() -> 0, () -> 0))) {
            recorder.record(EVENT, Runnable::run, () -> answers.add("served"), refused -> answers.add(name(refused)));
            inTheWrite.await();
            recorder.record(EVENT, Runnable::run, () -> answers.add("served"), refused -> answers.add(name(refused)));

            assertThat(answers.poll(10, TimeUnit.SECONDS)).isEqualTo(Failure.AUDIT_UNAVAILABLE.name());
            assertThat(answers.poll(10, TimeUnit.SECONDS)).isEqualTo(Failure.AUDIT_UNAVAILABLE.name());
            disk.countDown();
            recorder.record(EVENT, Runnable::run, () -> answers.add("healed"), refused -> answers.add(name(refused)));
            assertThat(answers.poll(10, TimeUnit.SECONDS)).isEqualTo("healed");
        }
        assertThat(answers).isEmpty();
    }

    @Test
    void eventThatNobodyWaitsForIsRecordedWithTheNextOrSoonOrAtTheEnd() throws Exception {
        BlockingQueue<AuditEvent> recorded = new LinkedBlockingQueue<>();
        ScheduledExecutorService loop = Executors.newSingleThreadScheduledExecutor();
        AuditEvent over = new AuditEvent.Stopped(Instant.EPOCH, 2, "over");
        try (CallLedger calls = CallLedger.open(directory.resolve("calls"), InstantSource.system())) {
            try (Recorder recorder = new Recorder(recorded::add, calls, false, new Metrics(() -> 0, () -> 0))) {
                recorder.recordSoon(over, loop);
                assertThat(recorded.poll(10, TimeUnit.SECONDS)).isEqualTo(over);

                recorder.recordSoon(over, loop);
                recorder.record(EVENT, Runnable::run, () -> {}, refused -> {});
                assertThat(recorded.poll(10, TimeUnit.SECONDS)).isEqualTo(over);
                assertThat(recorded.poll(10, TimeUnit.SECONDS)).isEqualTo(EVENT);

                recorder.recordSoon(over, loop);
            }
            assertThat(recorded).containsExactly(over);
        } finally {
            loop.shutdownNow();
        }
    }

    private static String name(RefusedException refused) {
        return refused.failure().name();
    }
}
