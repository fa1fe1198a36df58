package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What every connection of a gateway works with.
 *
 * @param searches for each credential, also for one that was replaced while its request was under way
 * @param requests how many there were
 * @param collectedBytes of answers that must be whole before they can be searched
 */
record Desk(
        Gate gate,
        Recorder recorder,
        Upstreams upstreams,
        Map<SecretBytes, CredentialSearch> searches,
        Limits limits,
        SlowReaders slowReaders,
        Metrics metrics,
        InstantSource clock,
        AtomicLong requests,
        AtomicLong collectedBytes) {
    CredentialSearch searchFor(Route route) {
        return Objects.requireNonNull(searches.get(route.credential()), route.name());
    }

    long nextRequest() {
        return requests.incrementAndGet();
    }
}
