package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The gateway's way to its audit log: one thread that may wait for the disk, so that no event loop does. What happens here
 * happens one after the other, which is also what counting calls needs.
 */
final class Recorder implements AutoCloseable {
    private static final int MAX_WAITING = 10_000;
    private static final long DRAIN_SECONDS = 5;

    private final AuditLog log;
    private final CallLedger calls;
    private final boolean dryRun;
    private final Metrics metrics;
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> new Thread(task, "audit"));

    /** @param dryRun whether calls are not counted, and a token that has none left is let through */
    Recorder(AuditLog log, CallLedger calls, boolean dryRun, Metrics metrics) {
        this.log = log;
        this.calls = calls;
        this.dryRun = dryRun;
        this.metrics = metrics;
    }

    /**
     * Counts the call that {@code admitted} is, where its token asks for that, and records the events; then runs {@code done}
     * on {@code loop}, or {@code refused} with what prevented it.
     *
     * @param letThrough the event of a call that only a dry run lets through
     */
    void spend(
            Decision.Admitted admitted,
            List<AuditEvent> events,
            Function<RefusedException, AuditEvent> letThrough,
            Executor loop,
            Runnable done,
            Consumer<RefusedException> refused) {
        submit(
                () -> {
                    if (admitted.spender().isPresent()) {
                        count(admitted.spender().get(), letThrough);
                    }
                    for (AuditEvent event : events) {
                        append(event);
                    }
                },
                loop,
                done,
                refused);
    }

    private void count(Decision.Spender spender, Function<RefusedException, AuditEvent> letThrough)
            throws RefusedException {
        if (!dryRun) {
            calls.spend(spender);
            return;
        }
        try {
            calls.requireOneLeft(spender);
        } catch (RefusedException e) {
            append(letThrough.apply(e));
        }
    }

    /** Records the revocations that have no record yet. */
    void recordRevocations(RevocationList revocations, InstantSource clock) {
        try {
            thread.execute(() -> revocations.record(log, clock));
        } catch (RejectedExecutionException e) {
            // The next time comes soon.
            return;
        }
    }

    /** Records one event; then runs {@code done} on {@code loop}, or {@code refused} where it could not be recorded. */
    void record(AuditEvent event, Executor loop, Runnable done, Consumer<RefusedException> refused) {
        submit(() -> append(event), loop, done, refused);
    }

    private interface Task {
        void run() throws RefusedException;
    }

    private void submit(Task task, Executor loop, Runnable done, Consumer<RefusedException> refused) {
        try {
            thread.execute(() -> {
                Runnable next = done;
                try {
                    task.run();
                } catch (RefusedException e) {
                    next = () -> refused.accept(e);
                } catch (RuntimeException e) {
                    // Without this the client would wait for an answer that nobody is working on.
                    RefusedException bug = new RefusedException(
                            Failure.BUG, "recording failed: " + e.getClass().getSimpleName());
                    next = () -> refused.accept(bug);
                }
                loop.execute(next);
            });
        } catch (RejectedExecutionException e) {
            metrics.auditFailed();
            refused.accept(new RefusedException(Failure.AUDIT_UNAVAILABLE, "the audit log cannot keep up"));
        }
    }

    private void append(AuditEvent event) throws RefusedException {
        try {
            log.append(event);
        } catch (AuditUnavailableException e) {
            metrics.auditFailed();
            throw new RefusedException(Failure.AUDIT_UNAVAILABLE, "the audit log cannot be written");
        }
    }

    /** Writes what waits, up to five seconds. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(DRAIN_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownNow();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
