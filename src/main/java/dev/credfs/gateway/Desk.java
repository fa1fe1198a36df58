package dev.credfs.gateway;

import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What every connection of a gateway works with.
 *
 * @param authorizers of each credential, also of one that was replaced while its request was under way
 * @param leavesWhereIntercepting what intercepted hosts' clients are shown
 * @param requests how many there were
 * @param collectedBytes of answers that must be whole before they can be searched
 */
record Desk(
        Gate gate,
        Recorder recorder,
        Upstreams upstreams,
        Map<Credential, Authorizer> authorizers,
        Limits limits,
        SlowReaders slowReaders,
        Optional<Leaves> leavesWhereIntercepting,
        Metrics metrics,
        InstantSource clock,
        AtomicLong requests,
        AtomicLong collectedBytes) {
    Authorizer authorizer(Route route) {
        return Objects.requireNonNull(authorizers.get(route.credential()), route.name());
    }

    Leaves leaves() {
        return leavesWhereIntercepting.orElseThrow();
    }

    long nextRequest() {
        return requests.incrementAndGet();
    }
}
