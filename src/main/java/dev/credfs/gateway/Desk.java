package dev.credfs.gateway;

import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What every connection of a gateway works with.
 *
 * @param leavesWhereIntercepting what intercepted hosts' clients are shown
 * @param requests how many there were
 * @param collectedBytes of answers that must be whole before they can be searched
 */
record Desk(
        Gate gate,
        Recorder recorder,
        Upstreams upstreams,
        Authorizers authorizers,
        Limits limits,
        SlowReaders slowReaders,
        Optional<Leaves> leavesWhereIntercepting,
        Metrics metrics,
        InstantSource clock,
        AtomicLong requests,
        AtomicLong collectedBytes) {
    Leaves leaves() {
        return leavesWhereIntercepting.orElseThrow();
    }

    long nextRequest() {
        return requests.incrementAndGet();
    }
}
