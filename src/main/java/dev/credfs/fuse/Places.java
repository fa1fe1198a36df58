package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The places in the mint: how many requests may be in it at once, and how many of them of one user. A user may have as many
 * as are still free: one alone gets half, two get a third each, and there is always one left for somebody who has none.
 *
 * <p>Whoever has no more waits while its requests are quick, as a parallel build's are, since then a place is free at once;
 * when the oldest of them takes longer than {@link #PATIENCE}, something is slow, and waiting would take the threads that
 * others need. So a user that asks for much is told EAGAIN only where the mint is slow.
 */
final class Places {
    static final Duration PATIENCE = Duration.ofMillis(100);

    /** One taken place. */
    static final class Place {
        private final Uid uid;
        private final long sinceNanos;

        private Place(Uid uid, long sinceNanos) {
            this.uid = uid;
            this.sinceNanos = sinceNanos;
        }
    }

    private final int bound;
    /** Of each user that has any, the oldest first. */
    private final Map<Uid, Set<Place>> taken = new HashMap<>();

    private int count;

    Places(int bound) {
        this.bound = bound;
    }

    /** Takes a place, which has to be {@linkplain #leave left}. */
    synchronized Place enter(Uid uid) throws RefusedException {
        while (true) {
            Set<Place> own = taken.getOrDefault(uid, Set.of());
            if (own.size() < bound - count) {
                Place place = new Place(uid, System.nanoTime());
                taken.computeIfAbsent(uid, first -> new LinkedHashSet<>()).add(place);
                count++;
                return place;
            }
            Iterator<Place> oldest = own.iterator();
            long leftNanos = oldest.hasNext() ? PATIENCE.toNanos() - (System.nanoTime() - oldest.next().sinceNanos) : 0;
            if (leftNanos <= 0) {
                throw new RefusedException(
                        Failure.BUSY,
                        own.size() + " tokens of this user are being minted, and the mint is slow: no more at once");
            }
            awaitChange(leftNanos);
        }
    }

    private void awaitChange(long nanos) throws RefusedException {
        try {
            TimeUnit.NANOSECONDS.timedWait(this, nanos);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException(Failure.BUSY, "interrupted while waiting for a place in the mint");
        }
    }

    synchronized void leave(Place place) {
        Set<Place> own = taken.get(place.uid);
        if (own != null && own.remove(place)) {
            count--;
            if (own.isEmpty()) {
                taken.remove(place.uid);
            }
            notifyAll();
        }
    }
}
