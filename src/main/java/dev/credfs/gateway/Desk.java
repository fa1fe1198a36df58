package dev.credfs.gateway;

import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What every connection of a gateway works with.
 *
 * @param searches per name of a route, for its credential
 * @param requests how many there were
 */
record Desk(
        Gate gate,
        Recorder recorder,
        Upstreams upstreams,
        Map<String, CredentialSearch> searches,
        Limits limits,
        InstantSource clock,
        AtomicLong requests) {
    long nextRequest() {
        return requests.incrementAndGet();
    }
}
