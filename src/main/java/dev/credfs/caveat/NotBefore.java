package dev.credfs.caveat;

import java.time.Instant;
import java.util.Optional;

/**
 * {@code time > 2026-01-02T03:03:35Z}: the token works strictly after this second.
 *
 * @param start whole seconds
 */
public record NotBefore(Instant start) implements Caveat {
    static final String KEY = "time >";

    public NotBefore {
        Timestamp.requireWholeSeconds(start);
    }

    @Override
    public String predicate() {
        return KEY + " " + Timestamp.print(start);
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        Instant now = access.now();
        return now.isAfter(start) ? Optional.empty() : because("not valid yet: now is " + now);
    }
}
