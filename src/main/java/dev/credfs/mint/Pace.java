package dev.credfs.mint;

import java.time.Duration;

/**
 * How often one caller may read a file, and for how long its process may get the same token again.
 *
 * @param readsPerMinute from 1; more are refused until a part of the minute is over. {@link Integer#MAX_VALUE}: no limit
 * @param coalesce zero, which gives a fresh token at each open, or up to {@link #LONGEST_COALESCE}
 */
public record Pace(int readsPerMinute, Duration coalesce) {
    public static final Duration LONGEST_COALESCE = Duration.ofSeconds(10);

    /** As many reads as there are, and a fresh token for each. */
    public static final Pace FREE = new Pace(Integer.MAX_VALUE, Duration.ZERO);

    public Pace {
        if (readsPerMinute < 1) {
            throw new IllegalArgumentException("a rate of " + readsPerMinute + " lets nobody read");
        }
        if (coalesce.isNegative() || coalesce.compareTo(LONGEST_COALESCE) > 0) {
            throw new IllegalArgumentException(
                    "a token is given again for " + LONGEST_COALESCE.toSeconds() + " seconds at most");
        }
    }

    /** Whether there is a rate to be over. */
    public boolean isLimited() {
        return readsPerMinute < Integer.MAX_VALUE;
    }
}
