package dev.credfs.mint;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The reads that each caller has left of each file.
 *
 * <p>A caller is here a container, whoever reads in it, and on the host a user: one that has used up its reads could
 * otherwise go on as another process, or in a user namespace of its own, which {@code unshare(2)} gives to anybody.
 *
 * <p>This is the generic cell rate algorithm (ITU-T I.371): each read costs an even part of a minute, and kept is one
 * instant, up to which the reads so far have used the time. It may lie a minute ahead and no more. So a caller that was
 * quiet for a minute has all its reads at once, and then gets them back one by one.
 *
 * <p>What has been used up to an instant that is past says nothing any more and is forgotten; what says something never is.
 * When nothing can be forgotten, newcomers are refused: forgetting would give reads back.
 */
final class RateLimit {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private record Reader(String path, Container container, Uid uid) {
        private static final Uid ANY = new Uid(0);

        static Reader of(String path, Caller caller) {
            Container container = caller.container();
            return new Reader(path, container, container.isHost() ? caller.uid() : ANY);
        }

        String describe() {
            return container.isHost() ? "user " + uid : "container " + container;
        }
    }

    private final int mostReaders;
    /** The one that read longest ago first. */
    private final Map<Reader, Instant> usedUpTo = new LinkedHashMap<>();

    private Instant latest = Instant.MIN;

    /**
     * @param mostReaders callers and files that are remembered
     */
    RateLimit(int mostReaders) {
        this.mostReaders = mostReaders;
    }

    /**
     * Takes one read from what the caller has left.
     *
     * @throws RefusedException if nothing is left; then nothing was taken
     */
    synchronized void take(String path, Caller caller, int readsPerMinute, Instant now) throws RefusedException {
        look(path, caller, readsPerMinute, now);
        Reader reader = Reader.of(path, caller);
        Instant after = usedUpTo(reader, now).plus(cost(readsPerMinute));
        // The one that read last goes last.
        usedUpTo.remove(reader);
        usedUpTo.put(reader, after);
    }

    /**
     * How many reads the caller has left, at least one; takes none.
     *
     * @throws RefusedException if nothing is left
     */
    synchronized int look(String path, Caller caller, int readsPerMinute, Instant now) throws RefusedException {
        Instant limit = now.plus(MINUTE);
        if (limit.isBefore(latest)) {
            // The clock was set back: nobody shall wait for it to get there again, nor gain a read by it.
            usedUpTo.replaceAll((reader, used) -> used.isAfter(limit) ? limit : used);
            latest = now;
        }
        latest = now.isAfter(latest) ? now : latest;
        Reader reader = Reader.of(path, caller);
        long left = Duration.between(usedUpTo(reader, now), limit).dividedBy(cost(readsPerMinute));
        if (left <= 0) {
            throw new RefusedException(
                    Failure.BUSY,
                    "over the limit of " + readsPerMinute + " reads of this file in a minute for " + reader.describe());
        }
        if (usedUpTo.size() >= mostReaders && !usedUpTo.containsKey(reader)) {
            forget(now);
            if (usedUpTo.size() >= mostReaders) {
                throw new RefusedException(
                        Failure.BUSY, "more than " + mostReaders + " callers read files with a 'rate' within a minute");
            }
        }
        return Math.toIntExact(left);
    }

    private Instant usedUpTo(Reader reader, Instant now) {
        Instant used = usedUpTo.getOrDefault(reader, now);
        return used.isBefore(now) ? now : used;
    }

    private static Duration cost(int readsPerMinute) {
        return MINUTE.dividedBy(readsPerMinute);
    }

    private void forget(Instant now) {
        // Not only the oldest: one that reads once a minute stays for a minute, and others behind it are free by then.
        usedUpTo.values().removeIf(used -> !used.isAfter(now));
    }

    /** How many callers and files are remembered. */
    synchronized int size() {
        return usedUpTo.size();
    }
}
