package dev.credfs.mint;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refusals on their way to the record. Whoever is allowed nothing can ask as often as a processor can, and must not fill the
 * disk by it, which would stop the tokens of everybody else.
 *
 * <p>Refusals of one file for one reason to one container, or one user of the host, belong together. Of those within a minute
 * the first is recorded at once, and that of each other process too, up to {@link #MOST_AT_ONCE}; what is repeated is
 * counted, and recorded with its count when the minute is over, or at the end. Where there are too many kinds to remember,
 * the rest is counted as one. So a caller causes {@link #MOST_AT_ONCE} records and one a minute for each file, and all
 * together cause a bounded number.
 */
final class Refusals {
    static final Duration WINDOW = Duration.ofMinutes(1);
    static final int MOST_AT_ONCE = 4;

    /**
     * What belongs together.
     *
     * @param who a container or a user
     */
    private record Kind(String path, String failure, String who) {
        /** Whatever does not fit into the memory. */
        static final Kind REST = new Kind("", "", "");

        static Kind of(AuditEvent.Refusal refusal) {
            if (refusal instanceof AuditEvent.Refused refused) {
                return new Kind(refused.path(), refused.failure().name(), who(refused.caller()));
            }
            if (refusal instanceof AuditEvent.RefusedUnclear unclear) {
                return new Kind(unclear.path(), unclear.failure().name(), "unclear uid " + unclear.uid());
            }
            if (refusal instanceof AuditEvent.RefusedRead read) {
                return new Kind(read.path(), Failure.CALLER_REFUSED.name() + " read", who(read.reader()));
            }
            throw new IllegalArgumentException("not a refusal: " + refusal.getClass());
        }

        private static String who(Caller caller) {
            return caller.container().isHost()
                    ? "uid " + caller.uid()
                    : "container " + caller.container().id();
        }
    }

    /** The process that was refused, where it was then; of an unclear caller the thread is all there is. */
    private record Asker(long number, long startTicks, long userNamespace, String cgroup) {
        static Asker of(AuditEvent.Refusal refusal) {
            if (refusal instanceof AuditEvent.Refused refused) {
                return of(refused.caller());
            }
            if (refusal instanceof AuditEvent.RefusedRead read) {
                return of(read.reader());
            }
            return new Asker(refusal instanceof AuditEvent.RefusedUnclear unclear ? unclear.tid() : 0, 0, 0, "");
        }

        private static Asker of(Caller caller) {
            return new Asker(caller.pid().number(), caller.startTicks(), caller.userNamespace(), caller.cgroup());
        }
    }

    /** The refusals of one kind within a minute. */
    private static final class Fold {
        private final Instant from;
        private final Set<Asker> recorded = new HashSet<>();
        private long repeated;
        private Instant repeatedSince = Instant.MAX;
        private AuditEvent.@Nullable Refusal last;

        Fold(Instant from) {
            this.from = from;
        }

        /** Set back, the clock ends the minute as well. */
        boolean isOver(Instant now) {
            return now.isBefore(from) || !now.isBefore(from.plus(WINDOW));
        }

        void count(AuditEvent.Refusal refusal, long times, Instant since) {
            repeated += times;
            repeatedSince = since.isBefore(repeatedSince) ? since : repeatedSince;
            last = refusal;
        }
    }

    private final AuditLog audit;
    private final int mostKinds;
    /** The one that began longest ago first. */
    private final Map<Kind, Fold> folds = new LinkedHashMap<>();

    Refusals(AuditLog audit, int mostKinds) {
        this.audit = audit;
        this.mostKinds = mostKinds;
    }

    /** Puts a refusal on the record, or counts it. */
    void record(AuditEvent.Refusal refusal) throws AuditUnavailableException {
        if (isOver(refusal)) {
            recordDue(refusal.at());
        }
        if (!isNews(refusal)) {
            return;
        }
        boolean recorded = false;
        try {
            audit.append(refusal);
            recorded = true;
        } finally {
            if (!recorded) {
                count(refusal);
            }
        }
    }

    /** Counts a refusal, for where nobody can wait for the disk: it is on the record within a minute. */
    synchronized void count(AuditEvent.Refusal refusal) {
        fold(Kind.of(refusal), refusal.at()).count(refusal, 1, refusal.at());
    }

    private synchronized boolean isOver(AuditEvent.Refusal refusal) {
        Fold fold = folds.get(Kind.of(refusal));
        return fold != null && fold.isOver(refusal.at());
    }

    private synchronized boolean isNews(AuditEvent.Refusal refusal) {
        Fold fold = fold(Kind.of(refusal), refusal.at());
        Asker asker = Asker.of(refusal);
        if (fold == folds.get(Kind.REST) || fold.recorded.size() >= MOST_AT_ONCE || !fold.recorded.add(asker)) {
            fold.count(refusal, 1, refusal.at());
            return false;
        }
        return true;
    }

    private Fold fold(Kind kind, Instant now) {
        Fold fold = folds.get(kind);
        if (fold == null) {
            Kind fitting = folds.size() < mostKinds ? kind : Kind.REST;
            fold = folds.computeIfAbsent(fitting, first -> new Fold(now));
        }
        return fold;
    }

    /**
     * Records what was counted in minutes that are over.
     *
     * @throws AuditUnavailableException if not all could be; then it is kept for the next time
     */
    void recordDue(Instant now) throws AuditUnavailableException {
        recordTaken(take(now, false), now);
    }

    /** Records everything that was counted. */
    void recordAll(Instant now) throws AuditUnavailableException {
        recordTaken(take(now, true), now);
    }

    private synchronized Map<Kind, AuditEvent.RefusedAgain> take(Instant now, boolean all) {
        Map<Kind, AuditEvent.RefusedAgain> taken = new LinkedHashMap<>();
        Iterator<Map.Entry<Kind, Fold>> entries = folds.entrySet().iterator();
        while (entries.hasNext()) {
            Map.Entry<Kind, Fold> entry = entries.next();
            Fold fold = entry.getValue();
            if (all || fold.isOver(now)) {
                entries.remove();
                AuditEvent.Refusal last = fold.last;
                if (last != null) {
                    taken.put(
                            entry.getKey(), new AuditEvent.RefusedAgain(now, fold.repeated, fold.repeatedSince, last));
                }
            }
        }
        return taken;
    }

    private void recordTaken(Map<Kind, AuditEvent.RefusedAgain> taken, Instant now) throws AuditUnavailableException {
        List<Kind> left = new ArrayList<>(taken.keySet());
        try {
            for (Map.Entry<Kind, AuditEvent.RefusedAgain> entry : taken.entrySet()) {
                audit.append(entry.getValue());
                left.remove(entry.getKey());
            }
        } finally {
            putBack(left, taken, now);
        }
    }

    private synchronized void putBack(List<Kind> left, Map<Kind, AuditEvent.RefusedAgain> taken, Instant now) {
        for (Kind kind : left) {
            AuditEvent.RefusedAgain again = taken.get(kind);
            if (again != null) {
                fold(kind, now).count(again.last(), again.times(), again.since());
            }
        }
    }

    /** How many kinds are remembered. */
    synchronized int size() {
        return folds.size();
    }
}
