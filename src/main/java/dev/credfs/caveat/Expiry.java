package dev.credfs.caveat;

import java.time.Instant;
import java.util.Optional;

/**
 * {@code time < 2026-01-02T03:04:05Z}: the token works strictly before this second. Required to clear.
 *
 * @param end whole seconds
 */
public record Expiry(Instant end) implements Caveat {
    static final String KEY = "time <";

    public Expiry {
        Timestamp.requireWholeSeconds(end);
    }

    @Override
    public String predicate() {
        return KEY + " " + Timestamp.print(end);
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        Instant now = access.now();
        return now.isBefore(end) ? Optional.empty() : because("expired: now is " + now);
    }
}
