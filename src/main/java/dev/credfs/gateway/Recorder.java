package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The gateway's way to its audit log: one thread that may wait for the disk, so that no event loop does. What happens here
 * happens one after the other, which is also what counting calls needs; what waits meanwhile is written at once. Where the disk
 * hangs and that thread with it, another one refuses whoever waits, a second after it came.
 */
final class Recorder implements AutoCloseable {
    private static final int MAX_WAITING = 10_000;
    private static final int MAX_AT_ONCE = 256;
    private static final long DRAIN_MILLIS = 5000;
    /** Long enough that requests one after the other share a write, short enough that who looks at the log sees it. */
    private static final long SOON_MILLIS = 20;

    private static final long DEADLINE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long LOOK_NANOS = Duration.ofMillis(100).toNanos();

    private final AuditLog log;
    private final CallLedger calls;
    private final boolean dryRun;
    private final Metrics metrics;
    private final BlockingQueue<Entry> waiting = new ArrayBlockingQueue<>(MAX_WAITING);
    private final BlockingQueue<AuditEvent> soon = new ArrayBlockingQueue<>(MAX_WAITING);
    private final AtomicBoolean willWake = new AtomicBoolean();
    private final Thread thread = new Thread(this::work, "audit");
    private final Thread lastResort = new Thread(this::refuseWhereTheDiskHangs, "audit-deadline");
    private volatile boolean closing;
    private volatile @Nullable Batch beingWritten;

    private record Batch(List<Entry> entries, long sinceNanos) {}

    /**
     * What is to be put on record, and who waits for it.
     *
     * @param prepare what comes before, and may add events or refuse
     */
    private record Entry(
            List<AuditEvent> events,
            Preparation prepare,
            Executor loop,
            Runnable done,
            Consumer<RefusedException> refused,
            AtomicBoolean answered) {
        /** For which nobody waits. */
        Entry(List<AuditEvent> events, Preparation prepare) {
            this(events, prepare, Runnable::run, () -> {}, refused -> {});
        }

        Entry(
                List<AuditEvent> events,
                Preparation prepare,
                Executor loop,
                Runnable done,
                Consumer<RefusedException> refused) {
            this(events, prepare, loop, done, refused, new AtomicBoolean());
        }

        void refuse(Failure failure, String why) {
            answer(() -> refused.accept(new RefusedException(failure, why)));
        }

        void answer(Runnable next) {
            if (!answered.compareAndSet(false, true)) {
                return;
            }
            try {
                loop.execute(next);
            } catch (RejectedExecutionException e) {
                // The gateway is being closed, and with it whoever waits.
                return;
            }
        }
    }

    private interface Preparation {
        void run(List<AuditEvent> events) throws RefusedException;
    }

    /** @param dryRun whether calls are not counted, and a token that has none left is let through */
    Recorder(AuditLog log, CallLedger calls, boolean dryRun, Metrics metrics) {
        this.log = log;
        this.calls = calls;
        this.dryRun = dryRun;
        this.metrics = metrics;
        // The process can end where the disk hangs.
        thread.setDaemon(true);
        thread.start();
        lastResort.setDaemon(true);
        lastResort.start();
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
        Preparation count = all -> {
            if (admitted.claim() instanceof Decision.Spender spender) {
                count(spender, all, letThrough);
            }
        };
        submit(new Entry(new ArrayList<>(events), count, loop, done, refused));
    }

    private void count(
            Decision.Spender spender, List<AuditEvent> events, Function<RefusedException, AuditEvent> letThrough)
            throws RefusedException {
        if (!dryRun) {
            calls.spend(spender);
            return;
        }
        try {
            calls.requireOneLeft(spender);
        } catch (RefusedException e) {
            events.add(0, letThrough.apply(e));
        }
    }

    /** Records the revocations that have no record yet. */
    void recordRevocations(RevocationList revocations, InstantSource clock) {
        // Where the queue is full the next time comes soon.
        waiting.offer(new Entry(List.of(), events -> revocations.record(log, clock)));
    }

    /** Records one event; then runs {@code done} on {@code loop}, or {@code refused} where it could not be recorded. */
    void record(AuditEvent event, Executor loop, Runnable done, Consumer<RefusedException> refused) {
        submit(new Entry(List.of(event), events -> {}, loop, done, refused));
    }

    /**
     * Records an event that nobody waits for, with the next one that somebody waits for or a moment later: so it wakes no
     * thread of its own.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // what is scheduled throws nothing
    void recordSoon(AuditEvent event, ScheduledExecutorService loop) {
        if (closing || !soon.offer(event)) {
            metrics.auditFailed();
        } else if (willWake.compareAndSet(false, true)) {
            loop.schedule(
                    () -> {
                        willWake.set(false);
                        wake();
                    },
                    SOON_MILLIS,
                    TimeUnit.MILLISECONDS);
        }
    }

    private void wake() {
        // Where there is no room it is awake.
        waiting.offer(new Entry(List.of(), events -> {}));
    }

    private void submit(Entry entry) {
        if (closing || !waiting.offer(entry)) {
            metrics.auditFailed();
            entry.refused().accept(new RefusedException(Failure.AUDIT_UNAVAILABLE, "the audit log cannot keep up"));
        }
    }

    private void work() {
        List<Entry> batch = new ArrayList<>();
        while (takeBatch(batch)) {
            beingWritten = new Batch(List.copyOf(batch), System.nanoTime());
            write(batch);
            beingWritten = null;
        }
    }

    /** Waits for something to write; false when the last of it is written. */
    private boolean takeBatch(List<Entry> batch) {
        batch.clear();
        boolean last = closing;
        if (!last) {
            try {
                batch.add(waiting.take());
            } catch (InterruptedException e) {
                throw new IllegalStateException("an interrupt in a write would close the log: nobody sends one", e);
            }
        }
        List<AuditEvent> over = new ArrayList<>();
        if (soon.drainTo(over) > 0) {
            // Before what begins.
            batch.add(0, new Entry(over, events -> {}));
        }
        waiting.drainTo(batch, MAX_AT_ONCE);
        return !last || !batch.isEmpty();
    }

    private void refuseWhereTheDiskHangs() {
        while (!closing) {
            LockSupport.parkNanos(this, LOOK_NANOS);
            Batch batch = beingWritten;
            if (batch != null && System.nanoTime() - batch.sinceNanos() >= DEADLINE_NANOS) {
                List<Entry> refused = new ArrayList<>(batch.entries());
                waiting.drainTo(refused);
                for (Entry entry : refused) {
                    entry.refuse(Failure.AUDIT_UNAVAILABLE, "the disk of the audit log does not answer");
                }
            }
        }
    }

    private void write(List<Entry> batch) {
        List<Entry> ready = new ArrayList<>(batch.size());
        List<AuditEvent> events = new ArrayList<>(2 * batch.size());
        for (Entry entry : batch) {
            try {
                entry.prepare().run(entry.events());
                ready.add(entry);
                events.addAll(entry.events());
            } catch (RefusedException e) {
                entry.refuse(e.failure(), e.why());
            } catch (RuntimeException e) {
                // Without this the client would wait for an answer that nobody is working on.
                entry.refuse(Failure.BUG, "recording failed: " + e.getClass().getSimpleName());
            }
        }
        boolean[] written = appended(events);
        int next = 0;
        for (Entry entry : ready) {
            boolean whole = true;
            for (int i = 0; i < entry.events().size(); i++) {
                whole &= written[next++];
            }
            if (whole) {
                entry.answer(entry.done());
            } else {
                metrics.auditFailed();
                entry.refuse(Failure.AUDIT_UNAVAILABLE, "the audit log cannot be written");
            }
        }
    }

    private boolean[] appended(List<AuditEvent> events) {
        try {
            return log.appendAll(events);
        } catch (RuntimeException e) {
            return new boolean[events.size()];
        }
    }

    /** Writes what waits, up to five seconds. */
    @Override
    public void close() {
        closing = true;
        wake();
        try {
            thread.join(DRAIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
