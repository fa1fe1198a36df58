package dev.credfs.cli;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.audit.FileAuditLog;
import dev.credfs.audit.Problems;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.fuse.Supervisor;
import dev.credfs.gateway.Gateway;
import dev.credfs.gateway.GatewayConfig;
import dev.credfs.gateway.Interception;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.procfs.Processes;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs gateway}: the process that holds root keys and credentials. */
@Command(
        name = "gateway",
        description = "Verify tokens and swap in credentials, in the foreground, until SIGTERM or SIGINT.")
final class GatewayCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the configuration")
    private Path config = Path.of("");

    @Option(
            names = "--dry-run",
            description =
                    "let verified tokens and allowed peers through whatever their caveats say, and record what stood in the"
                            + " way")
    private boolean dryRun;

    private final Terminal terminal;
    private final InstantSource clock;

    GatewayCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        ProcessMemory.forbidInspection();
        PipedCredentials piped = new PipedCredentials(terminal.in());
        Identities identities = new Identities();
        GatewayReader.Section section = GatewayReader.read(config, dryRun, piped, identities);
        makePrivate(section.config().stateDirectory());
        try (FileAuditLog audit = FileAuditLog.open(section.audit(), FileAuditLog.Options.standard(clock));
                Processes processes = new Processes(Path.of("/proc"), section.containers());
                Gateway gateway = Gateway.start(
                        section.config(),
                        new Gateway.Outside(audit, processes::identify, InetAddress::getAllByName, clock))) {
            serve(section, new Renewal(section, piped, identities, audit, gateway), audit, gateway);
            return 0;
        } catch (RefusedException e) {
            throw new CommandException(e.failure(), e.why());
        } catch (AuditUnavailableException e) {
            throw new CommandException(Failure.AUDIT_UNAVAILABLE, String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException(Failure.BUG, "interrupted");
        }
    }

    private void serve(GatewayReader.Section section, Renewal renewal, FileAuditLog audit, Gateway gateway)
            throws AuditUnavailableException, InterruptedException {
        int pid = (int) ProcessHandle.current().pid();
        CountDownLatch stopped = new CountDownLatch(1);
        Signals.on("TERM", stopped::countDown);
        Signals.on("INT", stopped::countDown);
        Signals.on("HUP", renewal::run);
        audit.append(new AuditEvent.Started(clock.instant(), pid, "gateway"));
        if (dryRun) {
            terminal.say(
                    "! DRY RUN: caveats are recorded and not enforced; every verified token, and every peer that a rule"
                            + " names, gets the credential");
        }
        for (GatewayConfig.Listener listener : section.config().listeners()) {
            terminal.say("listening on " + listener.describe());
            if (listener instanceof GatewayConfig.Listener.Tcp tcp
                    && !tcp.address().getAddress().isLoopbackAddress()) {
                terminal.say(
                        "! " + listener.describe() + " is reached from outside: tokens cross the network in the clear");
            }
        }
        if (section.config().interception() instanceof Interception.On on) {
            terminal.say("intercepting; clients trust " + on.certificate());
        }
        Supervisor supervisor = Supervisor.of(System.getenv());
        if (!supervisor.tell("READY=1")) {
            terminal.say("the supervisor at NOTIFY_SOCKET does not take notifications");
        }
        stopped.await();
        supervisor.tell("STOPPING=1");
        gateway.close();
        audit.append(new AuditEvent.Stopped(clock.instant(), pid, "signal"));
    }

    /** What SIGHUP does: root keys and credentials are read again; anything else that changed takes a restart. */
    private final class Renewal {
        private final PipedCredentials piped;
        private final Identities identities;
        private final FileAuditLog audit;
        private final Gateway gateway;
        private long vaultGeneration;
        private long generation = 1;

        Renewal(
                GatewayReader.Section initial,
                PipedCredentials piped,
                Identities identities,
                FileAuditLog audit,
                Gateway gateway) {
            this.piped = piped;
            this.identities = identities;
            this.audit = audit;
            this.gateway = gateway;
            this.vaultGeneration = initial.vaultGeneration();
        }

        synchronized void run() {
            try {
                audit.reopen();
                GatewayReader.Section next = GatewayReader.read(config, dryRun, piped, identities);
                if (next.vaultGeneration() > 0 && next.vaultGeneration() < vaultGeneration) {
                    throw new CommandException(
                            Failure.MASTER_UNAVAILABLE,
                            "the vault went back from generation " + vaultGeneration + " to " + next.vaultGeneration()
                                    + ": restart if that is meant");
                }
                gateway.renew(next.config());
                vaultGeneration = next.vaultGeneration();
                generation++;
                audit.append(new AuditEvent.Reloaded(clock.instant(), generation, config.toString()));
                terminal.say("reloaded " + config + ": " + next.config().keys().size() + " root keys");
            } catch (CommandException | AuditUnavailableException e) {
                terminal.say("not reloaded: " + e.getMessage());
            } catch (RefusedException e) {
                terminal.say("not reloaded: " + e.why());
            } catch (RuntimeException e) {
                // Beyond this is a thread of the JVM's own. The message may quote a secret, the class does not.
                terminal.say("not reloaded: a bug: " + e.getClass().getName());
            }
        }
    }

    /** The directory of the gateway's state, for its owner alone. */
    static void makePrivate(Path directory) throws CommandException {
        try {
            if (!Files.exists(directory)) {
                Files.createDirectory(
                        directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
        } catch (NoSuchFileException e) {
            throw new CommandException(
                    Failure.CONFIGURATION_INVALID,
                    "state directory " + directory + ": no directory " + directory.getParent() + ": make it");
        } catch (IOException e) {
            throw new CommandException(
                    Failure.CONFIGURATION_INVALID, "state directory " + directory + ": " + Problems.of(e));
        }
    }
}
