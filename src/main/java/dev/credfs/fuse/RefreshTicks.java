package dev.credfs.fuse;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The touches that wake watchers of a file when its refresh window begins. inotify sees nothing of what a daemon
 * decides, only what goes through the kernel: so the daemon touches the file through its own mount, and watchers see
 * IN_ATTRIB.
 */
final class RefreshTicks {
    private final Path mountpoint;
    private final Map<String, Duration> windows;
    private final InstantSource clock;
    private final Consumer<String> notices;
    private final Map<String, Long> lastWindow = new HashMap<>();

    RefreshTicks(Path mountpoint, Map<String, Duration> windows, InstantSource clock, Consumer<String> notices) {
        this.mountpoint = mountpoint;
        this.windows = windows;
        this.clock = clock;
        this.notices = notices;
        for (Map.Entry<String, Duration> entry : windows.entrySet()) {
            lastWindow.put(entry.getKey(), window(entry.getValue()));
        }
    }

    /** Touches each file whose window is not the one it was in last time. */
    void touchDue() {
        for (Map.Entry<String, Duration> entry : windows.entrySet()) {
            String path = entry.getKey();
            Long current = window(entry.getValue());
            if (!current.equals(lastWindow.put(path, current))) {
                String file = mountpoint + path;
                if (Native.LIBC.utimensat(Native.AT_FDCWD, file, 0, 0) != 0) {
                    notices.accept("watchers of " + file + " could not be woken: errno " + Native.lastErrno());
                }
            }
        }
    }

    private Long window(Duration length) {
        Instant now = clock.instant();
        return Math.floorDiv(now.toEpochMilli(), length.toMillis());
    }
}
