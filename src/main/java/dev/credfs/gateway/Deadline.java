package dev.credfs.gateway;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The one time limit that a connection is under. Putting it off costs a field, not a timer: the timer that runs finds it
 * moved and waits again. Of one event loop.
 */
final class Deadline {
    private final EventLoop loop;
    private long atNanos;
    private @Nullable Runnable expired;
    private long timerNanos;
    private @Nullable ScheduledFuture<?> timer;

    Deadline(EventLoop loop) {
        this.loop = loop;
    }

    void set(Duration fromNow, Runnable whenExpired) {
        long now = System.nanoTime();
        atNanos = now + fromNow.toNanos();
        expired = whenExpired;
        if (timer == null || timerNanos - atNanos > 0) {
            schedule(now);
        }
    }

    void clear() {
        expired = null;
    }

    /** For the end of the connection. */
    void cancel() {
        expired = null;
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void schedule(long now) {
        if (timer != null) {
            timer.cancel(false);
        }
        timerNanos = atNanos;
        timer = loop.schedule(this::look, atNanos - now, TimeUnit.NANOSECONDS);
    }

    private void look() {
        timer = null;
        Runnable action = expired;
        if (action == null) {
            return;
        }
        long now = System.nanoTime();
        if (atNanos - now > 0) {
            schedule(now);
        } else {
            expired = null;
            action.run();
        }
    }
}
