package dev.credfs.mint;

import dev.credfs.policy.Failure;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What a mint has given and refused since it began. */
public final class Counts {
    private final LongAdder minted = new LongAdder();
    private final LongAdder coalesced = new LongAdder();
    private final Map<Failure, LongAdder> refused = new ConcurrentHashMap<>();

    Counts() {}

    /**
     * The counts at one moment.
     *
     * @param minted tokens that were made and are on the record
     * @param coalesced reads that got a token again
     * @param refused opens and reads by the reason; reasons that did not occur are not in it
     */
    public record Snapshot(long minted, long coalesced, Map<Failure, Long> refused) {}

    void minted() {
        minted.increment();
    }

    void coalesced() {
        coalesced.increment();
    }

    void refused(Failure failure) {
        refused.computeIfAbsent(failure, first -> new LongAdder()).increment();
    }

    Snapshot snapshot() {
        Map<Failure, Long> occurred = new EnumMap<>(Failure.class);
        refused.forEach((failure, count) -> occurred.put(failure, count.sum()));
        return new Snapshot(minted.sum(), coalesced.sum(), occurred);
    }
}
