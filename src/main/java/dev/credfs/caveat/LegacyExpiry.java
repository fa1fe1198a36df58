package dev.credfs.caveat;

import java.time.Instant;
import java.util.Optional;

/**
 * {@code time-before 2026-01-02T03:04:05.123Z}: an expiry as the Go libraries write it. Understood, never emitted, and no
 * substitute for {@link Expiry}.
 */
public final class LegacyExpiry implements Caveat {
    static final String KEY = "time-before";

    private final String text;
    private final Instant end;

    private LegacyExpiry(String text, Instant end) {
        this.text = text;
        this.end = end;
    }

    static LegacyExpiry parseValue(String value) throws CaveatSyntaxException {
        return new LegacyExpiry(value, Timestamp.parseRfc3339(value));
    }

    /** The first instant at which the token no longer works. */
    public Instant end() {
        return end;
    }

    @Override
    public String predicate() {
        return KEY + " " + text;
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        Instant now = access.now();
        return now.isBefore(end) ? Optional.empty() : because("expired: now is " + now);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LegacyExpiry that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
