package dev.credfs.mint;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** A clock that somebody moves by hand, back too. */
final class HandClock implements InstantSource {
    private Instant now = Fixture.NOW;

    @Override
    public Instant instant() {
        return now;
    }

    void move(Duration by) {
        now = now.plus(by);
    }
}
