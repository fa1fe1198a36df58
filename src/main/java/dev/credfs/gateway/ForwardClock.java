package dev.credfs.gateway;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The wall clock, as long as it does not go back: then the latest time seen, carried on by the monotonic clock. A token that
 * has expired once stays expired, whoever turns the clock.
 */
final class ForwardClock implements InstantSource {
    private final InstantSource wall;
    private final LongSupplier monotonicNanos;
    private Instant latest;
    private long latestNanos;

    /** @param monotonicNanos such as {@code System::nanoTime} */
    ForwardClock(InstantSource wall, LongSupplier monotonicNanos) {
        this.wall = wall;
        this.monotonicNanos = monotonicNanos;
        this.latest = wall.instant();
        this.latestNanos = monotonicNanos.getAsLong();
    }

    @Override
    public synchronized Instant instant() {
        long nanos = monotonicNanos.getAsLong();
        Instant carriedOn = latest.plus(Duration.ofNanos(Math.max(0, nanos - latestNanos)));
        Instant now = wall.instant();
        latest = now.isAfter(carriedOn) ? now : carriedOn;
        latestNanos = nanos;
        return latest;
    }
}
