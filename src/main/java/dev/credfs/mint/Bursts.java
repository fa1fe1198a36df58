package dev.credfs.mint;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Pid;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Processes that get tokens of many files at once, as {@code grep -r} does, and whoever takes what there is. A burst begins
 * with the {@link #MANY}th different file within a second, and ends when the process has got nothing for a second.
 *
 * <p>A process that is forgotten too early, because very many read, costs a mark on the record; each token is on it anyway.
 */
final class Bursts {
    static final int MANY = 5;
    static final Duration WITHIN = Duration.ofSeconds(1);

    private record Reader(Pid pid, long startTicks) {}

    private record Reading(String path, Instant at) {}

    /** What one process did lately. */
    private static final class Readings {
        /** Of different files; fewer than {@link #MANY}. */
        private final List<Reading> recent = new ArrayList<>(1);

        private Instant last;
        private boolean burst;

        Readings(Instant now) {
            this.last = now;
        }
    }

    private final int mostProcesses;
    /** The one that read longest ago first. */
    private final Map<Reader, Readings> processes = new LinkedHashMap<>();

    Bursts(int mostProcesses) {
        this.mostProcesses = mostProcesses;
    }

    /** Counts a token that {@code caller} got, and says whether a burst begins with it. */
    synchronized boolean beginsWith(String path, Caller caller, Instant now) {
        Reader reader = new Reader(caller.pid(), caller.startTicks());
        Readings readings = processes.remove(reader);
        if (readings == null || isLong(readings.last, now)) {
            readings = new Readings(now);
        }
        processes.put(reader, readings);
        if (processes.size() > mostProcesses) {
            processes.remove(processes.keySet().iterator().next());
        }
        readings.last = now;
        if (readings.burst) {
            return false;
        }
        readings.recent.removeIf(reading -> reading.path().equals(path) || isLong(reading.at(), now));
        readings.recent.add(new Reading(path, now));
        if (readings.recent.size() == MANY) {
            readings.burst = true;
            readings.recent.clear();
        }
        return readings.burst;
    }

    /** Either way, since threads come here in another order than they looked at the clock. */
    private static boolean isLong(Instant then, Instant now) {
        return Duration.between(then, now).abs().compareTo(WITHIN) > 0;
    }

    /** How many processes are remembered. */
    synchronized int size() {
        return processes.size();
    }
}
