package dev.credfs.cli;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditStatus;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.audit.FileAuditLog;
import dev.credfs.mint.Mint;
import dev.credfs.policy.Failure;
import dev.credfs.procfs.Processes;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;

/**
 * A running mount as it answers for itself: what it would give, how it is, and whether it takes up a changed configuration.
 *
 * <p>A reload opens the audit log anew at its path and reads configuration and masters again. Every request sees the old tree
 * or the new one; a wrong configuration leaves the old one in place. A master that cannot be read disables its own files, as
 * it does at start.
 */
final class Daemon {
    private static final long TRUST_PATIENCE_SECONDS = 5;
    private static final long PID = ProcessHandle.current().pid();

    private final Identities identities;
    private final Mint mint;
    private final FileAuditLog audit;
    private final Processes processes;
    private final InstantSource clock;
    private final Terminal terminal;
    private final Instant started;
    private final CountDownLatch trustTried = new CountDownLatch(1);
    private Loaded loaded;
    private Instant since;

    Daemon(
            Loaded initial,
            Identities identities,
            Mint mint,
            FileAuditLog audit,
            Processes processes,
            InstantSource clock,
            Terminal terminal) {
        this.loaded = initial;
        this.identities = identities;
        this.mint = mint;
        this.audit = audit;
        this.processes = processes;
        this.clock = clock;
        this.terminal = terminal;
        this.started = clock.instant();
        this.since = started;
    }

    /** A question in the form that {@link #answer} takes. */
    static String question(String what, Terminal terminal, Json.Body more) {
        return Json.text(document -> {
            document.writeStringProperty("ask", what);
            document.writeBooleanProperty("colour", terminal.colour());
            more.writeTo(document);
        });
    }

    /** What the control socket says to a question. */
    int answer(JsonNode question, Terminal asker) throws CommandException {
        String what = question.path("ask").asString("");
        return switch (what) {
            case "explain" -> explain(Explainer.Question.read(question), asker);
            case "status" -> status(question.path("json").asBoolean(false), asker);
            case "reload" -> reload(asker::say);
            default ->
                throw new CommandException(
                        Failure.USAGE,
                        "the running mount does not know '" + what + "': it is of another version; restart it");
        };
    }

    private synchronized int explain(Explainer.Question question, Terminal asker) throws CommandException {
        Explainer.Source source =
                new Explainer.Source("asked of the daemon, pid " + PID + ": " + describeConfiguration(), document -> {
                    document.writeStringProperty("of", "daemon");
                    document.writeNumberProperty("pid", PID);
                    document.writeNumberProperty("generation", mint.generation());
                    document.writeStringProperty("since", since.toString());
                    document.writeStringProperty(
                            "file", loaded.configuration().file().toString());
                });
        AuditStatus log = audit.statusNow();
        String problem = log.problem().isEmpty() ? "" : "the audit log " + log.file() + ": " + log.problem();
        return new Explainer(source, loaded, mint, processes, clock, problem).answer(question, asker);
    }

    private String describeConfiguration() {
        return "configuration " + mint.generation() + " of " + since + ", "
                + loaded.configuration().file()
                + (loaded.hasChanged() ? ", which says something else by now: see 'credfs reload'" : "");
    }

    private synchronized int status(boolean json, Terminal asker) {
        Instant now = clock.instant();
        Status status = new Status(PID, started, since, now, loaded, mint, audit.statusNow());
        if (json) {
            Json.print(asker, "status", status::write);
        } else {
            status.print(describeConfiguration(), asker);
        }
        return status.exitStatus();
    }

    /** Takes up the gateway's certificate where it is new. */
    synchronized void refreshTrust() {
        try {
            loaded.refreshTrust(clock.instant()).forEach(terminal::say);
        } catch (RuntimeException e) {
            // What is thrown here would end the repetition.
            terminal.say("trust files: a bug: " + e.getClass().getName());
        }
        trustTried.countDown();
    }

    /** Waits until that was tried once: what is said to be served is there. Not for ever, should a disk hang. */
    void awaitTrust() throws InterruptedException {
        trustTried.await(TRUST_PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    /** What SIGHUP does: nobody waits for the answer, which is on stderr. */
    void reload() {
        reload(ignored -> {});
    }

    /**
     * One reload; two in a row are two, one after the other.
     *
     * @param asker told what is said on stderr as well
     * @return 0; MASTER_UNAVAILABLE where the new configuration serves with bad masters, and otherwise why the old one stays
     */
    private synchronized int reload(Consumer<String> asker) {
        Consumer<String> say = message -> {
            terminal.say(message);
            asker.accept(message);
        };
        try {
            audit.reopen();
            Configuration before = loaded.configuration();
            Loaded next = Loaded.from(before.file(), identities);
            String fixed = before.needsRestartFor(next.configuration());
            if (!fixed.isEmpty()) {
                throw new CommandException(
                        Failure.CONFIGURATION_INVALID, "'" + fixed + "' changed, which takes a restart");
            }
            next.requireNotOlderThan(loaded);
            // Nothing can fail between the record and what it says.
            Mint.Edition edition = mint.edition(next.tree());
            Instant now = clock.instant();
            audit.append(new AuditEvent.Reloaded(
                    now, edition.generation(), before.file().toString()));
            next.refreshTrust(now);
            edition.serve();
            loaded = next;
            since = now;
            next.problems(now).forEach(say);
            next.trustProblems().forEach(say);
            say.accept("reloaded " + before.file() + ": configuration " + edition.generation() + ", serving "
                    + next.describeFiles(now));
            return next.problems(now).isEmpty() ? 0 : Failure.MASTER_UNAVAILABLE.exitStatus();
        } catch (CommandException e) {
            say.accept("not reloaded: " + e.getMessage());
            // The status of a bad master says that the new configuration serves; this one does not.
            return (e.failure() == Failure.MASTER_UNAVAILABLE ? Failure.CONFIGURATION_INVALID : e.failure())
                    .exitStatus();
        } catch (AuditUnavailableException e) {
            say.accept("not reloaded: " + e.getMessage());
            return Failure.AUDIT_UNAVAILABLE.exitStatus();
        } catch (RuntimeException e) {
            // Beyond this is a thread of the JVM's own. The message may quote a secret, the class does not.
            say.accept("not reloaded: a bug: " + e.getClass().getName());
            return Failure.BUG.exitStatus();
        }
    }
}
