package dev.credfs.fuse;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/**
 * What is decided about one mount.
 *
 * @param mountpoint an absolute path to an empty directory, in a directory that only its owner can write to
 * @param allowOther users other than the daemon's may reach the files, where the mint decides about each
 * @param refreshWindows files whose watchers are woken at the start of each window, by absolute path within the mount;
 *     windows are counted from the epoch and are at least one second
 * @param concurrentMints opens and reads that may be in the mint at once, no user having more of them than are free
 */
public record MountSettings(
        Path mountpoint, boolean allowOther, Map<String, Duration> refreshWindows, int concurrentMints) {
    /**
     * How many releases the kernel sends before the first is answered, the most that a connection can have. With its own 12 a
     * thousand readers open faster than their files are closed, until every place for an open file is taken (EMFILE).
     */
    private static final int MAX_BACKGROUND = 65_535;

    public MountSettings {
        refreshWindows = Map.copyOf(refreshWindows);
        if (!mountpoint.isAbsolute() || mountpoint.getNameCount() < 2) {
            throw new IllegalArgumentException("not an absolute path with a parent of its own: " + mountpoint);
        }
        for (Map.Entry<String, Duration> entry : refreshWindows.entrySet()) {
            if (entry.getValue().compareTo(Duration.ofSeconds(1)) < 0) {
                throw new IllegalArgumentException("a refresh window below a second: " + entry.getKey());
            }
        }
        if (concurrentMints < 1) {
            throw new IllegalArgumentException("no mint could ever run: " + concurrentMints);
        }
    }

    /** {@code -o} for libfuse: fixed, and never with a character from outside. */
    String options(long daemonPid) {
        return (refreshWindows.isEmpty() ? "ro," : "rw,")
                + "nosuid,nodev,noexec,default_permissions,direct_io,auto_unmount,use_ino"
                + ",fsname=" + MountEntry.OUR_SOURCE_PREFIX + daemonPid
                + ",subtype=credfs,attr_timeout=1,entry_timeout=1,negative_timeout=0"
                + ",max_background=" + MAX_BACKGROUND
                + (allowOther ? ",allow_other" : "");
    }
}
