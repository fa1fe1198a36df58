package dev.credfs.cli;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.mint.Mint;
import dev.credfs.policy.Failure;
import dev.credfs.procfs.Processes;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code credfs explain}: what an open of a file by a process would come to. It is asked of the running mount where there is
 * one, and answered from the configuration where there is none; either way it makes no token and puts nothing on record.
 */
@Command(
        name = "explain",
        description = {
            "Say whether a process would get a file, and by which rule.",
            "Also why not by the others, what its token would carry, and whether that would clear an access.",
            "Makes no token. Run it as the user that 'mount' runs as, or as root.",
            "A running mount is asked, and answers by the configuration it serves, its rates and recent tokens;",
            "without one the answer comes from FILE. The first line says which.",
            "The token's id and times are samples: each read has its own."
        })
final class ExplainCommand implements Callable<Integer> {
    private static final Path PROC = Path.of("/proc");

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the configuration")
    private Path config = Path.of("");

    @Parameters(paramLabel = "PATH", description = "a file of the tree: github/token, or its path in the mount")
    private String file = "";

    @Option(
            names = "--pid",
            paramLabel = "N",
            description = "the process that would read; else the one that runs this command, such as your shell")
    private @Nullable Integer pid;

    @Option(names = "--access", paramLabel = "'GET https://host/path'", description = "an attempt with the token")
    private String access = "";

    @Option(names = "--offline", description = "answer from FILE even where a mount runs: what a reload would bring")
    private boolean offline;

    @Option(names = "--json", description = "print credfs/explain/v1")
    private boolean json;

    private final Terminal terminal;
    private final InstantSource clock;

    ExplainCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        Explainer.Question question = new Explainer.Question(file, process(), access, json);
        OptionalInt answered = offline ? OptionalInt.empty() : askMount(question);
        return answered.isPresent() ? answered.getAsInt() : answerFromFile(question);
    }

    private OptionalInt askMount(Explainer.Question question) {
        try {
            return ControlSocket.ask(
                    Loaded.auditOf(config), Daemon.question("explain", terminal, question::write), terminal);
        } catch (CommandException e) {
            if (e.failure() != Failure.CONFIGURATION_INVALID) {
                terminal.say(e.getMessage() + "; this answer comes from the configuration");
            }
            return OptionalInt.empty();
        }
    }

    private int answerFromFile(Explainer.Question question) throws CommandException {
        Loaded loaded = Loaded.from(config, new Identities());
        Explainer.Source source =
                new Explainer.Source("offline, from " + loaded.configuration().file(), document -> {
                    document.writeStringProperty("of", "file");
                    document.writeStringProperty(
                            "file", loaded.configuration().file().toString());
                });
        Mint mint = new Mint(loaded.tree(), ExplainCommand::noRecord, clock, new SecureRandom(), 1);
        try (Processes processes = new Processes(PROC, loaded.configuration().containers())) {
            return new Explainer(source, loaded, mint, processes, clock, "").answer(question, terminal);
        }
    }

    private static void noRecord(AuditEvent event) throws AuditUnavailableException {
        throw new AuditUnavailableException("an explanation is not on the record");
    }

    private int process() throws CommandException {
        int number = pid != null
                ? pid
                : ProcessHandle.current()
                        .parent()
                        .map(parent -> (int) parent.pid())
                        .orElse(0);
        if (number <= 0) {
            throw new CommandException(
                    Failure.USAGE,
                    pid != null
                            ? "--pid: a process has a number above 0, not " + number
                            : "the process that runs this command cannot be seen: name one with --pid");
        }
        return number;
    }
}
