package dev.credfs.mint;

import java.time.Duration;
import java.time.Instant;

/**
 * What an open file holds, and for how long a read from its beginning may still get it.
 *
 * @param from when it was handed out
 * @param until a second later at most
 */
@SuppressWarnings("ArrayRecordComponent") // kept and served in slices, never compared
record Content(byte[] bytes, Instant from, Instant until) {
    private static final Duration FRESH = Duration.ofSeconds(1);

    static Content of(byte[] bytes, Instant now) {
        return new Content(bytes, now, now.plus(FRESH));
    }

    /** One that may be handed out no longer than until {@code end}. */
    static Content endingAt(Instant end, byte[] bytes, Instant now) {
        Instant usual = now.plus(FRESH);
        return new Content(bytes, now, end.isBefore(usual) ? end : usual);
    }

    /** Not before it was handed out either: then the clock was set back. */
    boolean isFreshAt(Instant now) {
        return !now.isBefore(from) && !until.isBefore(now);
    }
}
