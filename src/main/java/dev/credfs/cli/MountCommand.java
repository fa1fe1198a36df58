package dev.credfs.cli;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.audit.FileAuditLog;
import dev.credfs.audit.Problems;
import dev.credfs.fuse.Faults;
import dev.credfs.fuse.Mount;
import dev.credfs.fuse.MountEnd;
import dev.credfs.fuse.MountException;
import dev.credfs.fuse.MountSettings;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.fuse.Supervisor;
import dev.credfs.mint.Mint;
import dev.credfs.policy.Failure;
import dev.credfs.procfs.Processes;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs mount}: the daemon. */
@Command(
        name = "mount",
        description = {
            "Serve the files of a configuration, in the foreground, until SIGTERM or SIGINT.",
            "A second signal ends the process at once.",
            "SIGHUP reopens the audit log and reads the configuration again; a wrong one changes nothing,",
            "a master that cannot be read disables its own files."
        })
final class MountCommand implements Callable<Integer> {
    /** 10,000 open files are a few megabytes; beyond this bound opens are answered EMFILE. */
    private static final int MAX_OPEN_FILES = 16_384;

    private static final int CONCURRENT_MINTS = 64;
    private static final int WARM_UP_ROUNDS = 200;
    private static final Duration TRUST_PERIOD = Duration.ofSeconds(1);
    /** What a shell reports for a process that SIGTERM ended. */
    private static final int EXIT_FORCED = 128 + 15;

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the configuration")
    private Path config = Path.of("");

    /** For the tests of the packaged program: what is thrown in a callback never grants anything. */
    @Option(names = "--fault", hidden = true, paramLabel = "OPERATION=CLASS")
    private List<String> faults = List.of();

    private final Terminal terminal;
    private final InstantSource clock;

    MountCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        Faults injected = injected();
        ProcessMemory.forbidInspection();
        Identities identities = new Identities();
        Loaded loaded = Loaded.from(config, identities);
        requireAFile(loaded);
        try (FileAuditLog audit =
                        FileAuditLog.open(loaded.configuration().audit(), FileAuditLog.Options.standard(clock));
                Processes processes =
                        new Processes(Path.of("/proc"), loaded.configuration().containers())) {
            Mint mint = new Mint(loaded.tree(), audit, clock, new SecureRandom(), MAX_OPEN_FILES);
            mint.warmUp(FileAuditLog.rehearsal(), WARM_UP_ROUNDS);
            Daemon daemon = new Daemon(loaded, identities, mint, audit, processes, clock, terminal);
            followTrust(daemon);
            return serve(loaded, daemon, mint, processes, injected, audit);
        } catch (AuditUnavailableException e) {
            throw new CommandException(Failure.AUDIT_UNAVAILABLE, String.valueOf(e.getMessage()));
        } catch (MountException e) {
            throw new CommandException(e.failure(), String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException(Failure.BUG, "interrupted");
        }
    }

    /** On a thread of its own: a disk that hangs, where the certificate lies, holds up nothing else. */
    @SuppressWarnings("FutureReturnValueIgnored") // what is repeated throws nothing
    private static void followTrust(Daemon daemon) {
        Executors.newSingleThreadScheduledExecutor(task -> {
                    Thread thread = new Thread(task, "credfs-trust");
                    thread.setDaemon(true);
                    return thread;
                })
                .scheduleWithFixedDelay(daemon::refreshTrust, 0, TRUST_PERIOD.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Says which masters are bad. A mount that can give nothing to anybody must not look like one that serves. */
    private void requireAFile(Loaded loaded) throws CommandException {
        Instant now = clock.instant();
        loaded.problems(now).forEach(terminal::say);
        if (loaded.filesServed(now) == 0 && !loaded.configuration().files().isEmpty()) {
            throw new CommandException(
                    Failure.MASTER_UNAVAILABLE, "none of the files in " + config + " has a master that can be used");
        }
    }

    private Faults injected() throws CommandException {
        try {
            return Faults.parse(faults);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, "--fault: " + e.getMessage());
        }
    }

    private int serve(Loaded loaded, Daemon daemon, Mint mint, Processes processes, Faults injected, FileAuditLog audit)
            throws MountException, AuditUnavailableException, InterruptedException {
        Configuration configuration = loaded.configuration();
        int pid = (int) ProcessHandle.current().pid();
        // Before there is a mount, so that no read stands on the record before it.
        audit.append(new AuditEvent.Started(
                clock.instant(), pid, configuration.mount().toString()));
        MountEnd end;
        try {
            end = mountUntilEnd(loaded, daemon, mint, processes, injected, audit);
        } catch (MountException e) {
            try {
                audit.append(new AuditEvent.Stopped(clock.instant(), pid, String.valueOf(e.getMessage())));
            } catch (AuditUnavailableException unrecorded) {
                terminal.say(String.valueOf(unrecorded.getMessage()));
            }
            throw e;
        }
        mint.recordAllRepeats();
        audit.append(new AuditEvent.Stopped(clock.instant(), pid, end.name().toLowerCase(Locale.ROOT)));
        return switch (end) {
            case STOPPED -> 0;
            case UNMOUNTED_OUTSIDE -> {
                terminal.say(configuration.mount() + " was unmounted by somebody else");
                yield Failure.NOT_MOUNTED.exitStatus();
            }
            case SESSION_FAILED -> {
                terminal.say("the connection to the kernel failed: see the audit log for internal_error");
                yield Failure.BUG.exitStatus();
            }
        };
    }

    private MountEnd mountUntilEnd(
            Loaded loaded, Daemon daemon, Mint mint, Processes processes, Faults injected, FileAuditLog audit)
            throws MountException, AuditUnavailableException, InterruptedException {
        Configuration configuration = loaded.configuration();
        MountSettings settings = new MountSettings(
                configuration.mount(), configuration.allowOther(), configuration.refreshWindows(), CONCURRENT_MINTS);
        // Before the mount stands: the JVM's own way to end at SIGTERM would leave it behind.
        Stop stop = new Stop();
        Signals.on("TERM", stop);
        Signals.on("INT", stop);
        Signals.on("HUP", daemon::reload);
        try (Mount mount = Mount.start(settings, mint, processes, injected, terminal::say)) {
            stop.apply(mount);
            ControlSocket control = listen(configuration.audit(), daemon);
            try {
                daemon.awaitTrust();
                return serveUntilEnd(loaded, mount, audit);
            } finally {
                if (control != null) {
                    control.close();
                }
            }
        }
    }

    private MountEnd serveUntilEnd(Loaded loaded, Mount mount, FileAuditLog audit)
            throws AuditUnavailableException, InterruptedException {
        Supervisor supervisor = Supervisor.of(System.getenv());
        for (String what : mount.recovered()) {
            terminal.say(what);
            audit.append(new AuditEvent.Recovered(clock.instant(), what));
        }
        String serving = "serving " + loaded.describeFiles(clock.instant()) + " at "
                + loaded.configuration().mount();
        terminal.say(serving);
        if (!supervisor.tell("READY=1\nSTATUS=" + serving)) {
            terminal.say("the supervisor at NOTIFY_SOCKET does not take notifications");
        }
        MountEnd end = mount.awaitEnd();
        supervisor.tell("STOPPING=1");
        return end;
    }

    /** A mount that cannot be asked serves all the same. */
    private @Nullable ControlSocket listen(Path audit, Daemon daemon) {
        try {
            return ControlSocket.listen(audit, daemon::answer);
        } catch (IOException e) {
            terminal.say("status, reload and explain cannot ask this mount, no socket at " + ControlSocket.of(audit)
                    + ": " + Problems.of(e));
            return null;
        }
    }

    /** What the first and the second SIGTERM do, also to a mount that does not stand yet. */
    private static final class Stop implements Runnable {
        private @Nullable Mount mount;
        private boolean asked;

        /** A mount that now stands; it ends at once where that was asked for while it was being made. */
        synchronized void apply(Mount started) {
            mount = started;
            if (asked) {
                started.drain();
            }
        }

        @Override
        public synchronized void run() {
            Mount standing = mount;
            if (asked) {
                if (standing != null) {
                    standing.abandon();
                }
                // The JVM's own exit would run hooks behind a request that hangs.
                Runtime.getRuntime().halt(EXIT_FORCED);
            }
            asked = true;
            if (standing != null) {
                standing.drain();
            }
        }
    }
}
