package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A token that a server hands out for a time. It is fetched when somebody needs it, once however many wait, and again before it
 * expires while the old one still serves. A server that fails is left alone for a while, longer each time, and who asks
 * meanwhile hears the reason at once.
 */
// How it ends is told to those who wait.
@SuppressWarnings("FutureReturnValueIgnored")
final class FetchedToken {
    /** Clocks differ, and a request is under way for a while. */
    private static final Duration MAX_SKEW = Duration.ofSeconds(30);

    private static final Duration MAX_AHEAD = Duration.ofMinutes(5);
    private static final Duration MAX_LIFETIME = Duration.ofDays(1);
    private static final Duration MAX_BACKOFF = Duration.ofMinutes(1);
    private static final int MAX_DOUBLINGS = 6;
    /** An upstream that answers 401 to everything must not make us ask for a token each time. */
    private static final Duration BETWEEN_DROPS = Duration.ofSeconds(30);

    /**
     * What was fetched.
     *
     * @param search for it, and for what it was bought with
     * @param renewAt from when on another is fetched
     * @param deadAt from when on it is not used
     */
    record Value(SecretBytes secret, CredentialSearch search, Instant renewAt, Instant deadAt) {
        /**
         * A value that lives so long from {@code asked} on.
         *
         * @param others that must not be in an answer either
         */
        static Value of(SecretBytes secret, List<SecretBytes> others, Instant asked, Duration lifetime) {
            Duration capped = lifetime.compareTo(MAX_LIFETIME) < 0 ? lifetime : MAX_LIFETIME;
            Instant dead = asked.plus(capped).minus(shorter(MAX_SKEW, capped.dividedBy(10)));
            List<SecretBytes> all = new ArrayList<>(others);
            all.add(secret);
            return new Value(
                    secret, CredentialSearch.of(all), dead.minus(shorter(MAX_AHEAD, capped.dividedBy(4))), dead);
        }

        private static Duration shorter(Duration a, Duration b) {
            return a.compareTo(b) < 0 ? a : b;
        }
    }

    private record Waiter(EventLoop loop, Consumer<Value> ready, Consumer<RefusedException> failed) {}

    private final Supplier<CompletableFuture<Value>> source;
    private final InstantSource clock;
    private final List<Waiter> waiters = new ArrayList<>();
    private @Nullable Value value;
    private boolean fetching;
    private int failures;
    private Instant notBefore = Instant.MIN;
    private Instant noDropBefore = Instant.MIN;
    private @Nullable RefusedException lastFailure;

    /** @param source starts to fetch one, and blocks nobody */
    FetchedToken(Supplier<CompletableFuture<Value>> source, InstantSource clock) {
        this.source = source;
        this.clock = clock;
    }

    /** Gives {@code ready} a token that is good now, or {@code failed} the reason; on {@code loop}, from which it is called. */
    void get(EventLoop loop, Consumer<Value> ready, Consumer<RefusedException> failed) {
        Value good = null;
        RefusedException refused = null;
        boolean begin;
        synchronized (this) {
            Instant now = clock.instant();
            boolean may = !fetching && !now.isBefore(notBefore);
            if (value != null && now.isBefore(value.deadAt())) {
                good = value;
                begin = may && !now.isBefore(value.renewAt());
            } else if (fetching || may) {
                waiters.add(new Waiter(loop, ready, failed));
                begin = may;
            } else {
                refused = lastFailure;
                begin = false;
            }
            fetching |= begin;
        }
        if (good != null) {
            ready.accept(good);
        } else if (refused != null) {
            failed.accept(refused);
        }
        if (begin) {
            fetch();
        }
    }

    /** Forgets {@code used}, which an upstream did not honour; not if that was done a moment ago. */
    synchronized void drop(Value used) {
        Instant now = clock.instant();
        if (used.equals(value) && !now.isBefore(noDropBefore)) {
            value = null;
            noDropBefore = now.plus(BETWEEN_DROPS);
        }
    }

    private void fetch() {
        CompletableFuture<Value> coming;
        try {
            coming = source.get();
        } catch (RejectedExecutionException e) {
            coming = CompletableFuture.failedFuture(
                    new RefusedException(Failure.UPSTREAM_FAILED, "too many tokens are being fetched"));
        }
        coming.whenComplete((fetched, problem) -> {
            if (fetched == null) {
                end(null, refusal(problem));
            } else {
                end(fetched, null);
            }
        });
    }

    private static RefusedException refusal(@Nullable Throwable problem) {
        Throwable cause =
                problem instanceof CompletionException && problem.getCause() != null ? problem.getCause() : problem;
        // The message of any other exception may quote what was sent.
        return cause instanceof RefusedException refused
                ? refused
                : new RefusedException(Failure.UPSTREAM_FAILED, "no credential could be fetched");
    }

    private void end(@Nullable Value fetched, @Nullable RefusedException refused) {
        List<Waiter> waited;
        synchronized (this) {
            fetching = false;
            if (fetched != null) {
                value = fetched;
                failures = 0;
                notBefore = Instant.MIN;
                lastFailure = null;
            } else {
                Duration pause = Duration.ofSeconds(1L << Math.min(failures++, MAX_DOUBLINGS));
                notBefore = clock.instant().plus(pause.compareTo(MAX_BACKOFF) < 0 ? pause : MAX_BACKOFF);
                lastFailure = refused;
            }
            waited = List.copyOf(waiters);
            waiters.clear();
        }
        for (Waiter waiter : waited) {
            if (fetched != null) {
                tell(waiter, () -> waiter.ready().accept(fetched));
            } else if (refused != null) {
                tell(waiter, () -> waiter.failed().accept(refused));
            }
        }
    }

    private static void tell(Waiter waiter, Runnable news) {
        try {
            waiter.loop().execute(news);
        } catch (RejectedExecutionException e) {
            // The gateway has been closed: nobody waits.
            return;
        }
    }
}
