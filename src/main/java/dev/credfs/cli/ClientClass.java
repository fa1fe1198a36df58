package dev.credfs.cli;

import java.time.Duration;
import java.util.Locale;

/** How often the clients of a file read it again; {@code check} compares it with the file's ttl. */
enum ClientClass {
    /** Reads for each use: curl, git, gh, npm, the aws command, Prometheus, an SDK that is given a function. */
    PER_USE(Duration.ZERO),
    /** Every Kubernetes client library. */
    MINUTE(Duration.ofMinutes(1)),
    /** Azure's SDK, Claude Code, Codex. */
    FIVE_MINUTE(Duration.ofMinutes(5)),
    /** Reads once and never again: Spring, {@code *_FILE} of container images, systemd credentials. */
    START_ONLY(Duration.ofDays(365)),
    /** Waits for inotify to tell: OpenTelemetry's collector. */
    WATCH(Duration.ZERO);

    private final Duration rereadPeriod;

    ClientClass(Duration rereadPeriod) {
        this.rereadPeriod = rereadPeriod;
    }

    /** The longest time for which such a client holds on to what it read. */
    Duration rereadPeriod() {
        return rereadPeriod;
    }

    /** As a configuration names it: {@code five-minute}. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
