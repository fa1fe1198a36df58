package dev.credfs.cli;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.audit.FileAuditLog;
import dev.credfs.mint.Mint;
import java.time.InstantSource;

/**
 * What SIGHUP does to a running mount: the audit log is opened anew at its path, and the configuration is read again. Every
 * request sees the old tree or the new one; a wrong configuration leaves the old one in place and is said on stderr.
 * A master that cannot be read disables its own files, as it does at start.
 */
final class Reload {
    private final Configuration initial;
    private final Mint mint;
    private final FileAuditLog audit;
    private final InstantSource clock;
    private final Terminal terminal;
    private long generation = 1;

    Reload(Configuration initial, Mint mint, FileAuditLog audit, InstantSource clock, Terminal terminal) {
        this.initial = initial;
        this.mint = mint;
        this.audit = audit;
        this.clock = clock;
        this.terminal = terminal;
    }

    /** One reload; two signals in a row are two, one after the other. */
    synchronized void run() {
        try {
            audit.reopen();
            Loaded loaded = Loaded.from(initial.file(), clock.instant());
            String fixed = initial.needsRestartFor(loaded.configuration());
            if (!fixed.isEmpty()) {
                terminal.say("not reloaded: '" + fixed + "' changed, which takes a restart");
                return;
            }
            loaded.problems().forEach(terminal::say);
            audit.append(new AuditEvent.Reloaded(
                    clock.instant(), generation + 1, initial.file().toString()));
            generation++;
            mint.serve(loaded.tree());
            terminal.say("reloaded " + initial.file());
        } catch (CommandException | AuditUnavailableException e) {
            terminal.say("not reloaded: " + e.getMessage());
        } catch (RuntimeException e) {
            // Beyond this is a thread of the JVM's own. The message may quote a secret, the class does not.
            terminal.say("not reloaded: a bug: " + e.getClass().getName());
        }
    }
}
