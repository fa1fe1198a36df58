package dev.credfs.cli;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Node;
import dev.credfs.mint.TokenFile;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Explanation;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.procfs.Processes;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JsonGenerator;

/**
 * {@code credfs explain}: what an open of a file by a process would come to, asked of the same code that a mount asks. It makes
 * no token, needs no mount and puts nothing on record.
 */
@Command(
        name = "explain",
        description = {
            "Say whether a process would get a file, by which rule and why not by the others, what its token would carry,",
            "and whether that would clear an access. Makes no token. Run it as the user that 'mount' runs as.",
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

    @Option(names = "--json", description = "print credfs/explain/v1")
    private boolean json;

    private final Terminal terminal;
    private final InstantSource clock;

    ExplainCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    /** What would come of the open. */
    private sealed interface Outcome {
        int exitStatus();

        void print(Terminal terminal);

        /** Writes its properties. */
        void write(JsonGenerator document);
    }

    private record Refused(Failure failure, String why) implements Outcome {
        @Override
        public int exitStatus() {
            return failure.exitStatus();
        }

        @Override
        public void print(Terminal terminal) {
            terminal.check(false, "refused: " + why);
        }

        @Override
        public void write(JsonGenerator document) {
            document.writeBooleanProperty("granted", false);
            document.writeStringProperty("why", why);
        }
    }

    /**
     * A token, not made.
     *
     * @param access what it was tried with, or empty
     * @param checks what came of that
     */
    private record Granted(int lengthBytes, TokenFile.Prospect token, String access, List<Check> checks)
            implements Outcome {
        boolean cleared() {
            return checks.stream().allMatch(Check::passed);
        }

        int ruleNumber() {
            return token.grant().ruleIndex() + 1;
        }

        @Override
        public int exitStatus() {
            return cleared() ? 0 : Failure.CAVEAT_NOT_CLEARED.exitStatus();
        }

        @Override
        public void print(Terminal terminal) {
            terminal.check(
                    true, "granted by rule " + ruleNumber() + ": " + lengthBytes + " bytes, with a token such as");
            if (access.isEmpty()) {
                for (Caveat caveat : token.caveats()) {
                    terminal.out().println("  " + Terminal.printable(caveat.predicate()));
                }
            } else {
                checks.forEach(check -> check.print(terminal));
                terminal.out().println((cleared() ? "cleared: " : "not cleared: ") + access);
            }
        }

        @Override
        public void write(JsonGenerator document) {
            document.writeBooleanProperty("granted", true);
            document.writeNumberProperty("rule_number", ruleNumber());
            document.writeNumberProperty("length_bytes", lengthBytes);
            document.writeStringProperty("expiry", token.expiry().toString());
            document.writeArrayPropertyStart("caveats");
            token.caveats().forEach(caveat -> document.writeString(caveat.predicate()));
            document.writeEndArray();
            if (!access.isEmpty()) {
                document.writeStringProperty("access", access);
                document.writeBooleanProperty("cleared", cleared());
                Check.write(checks, document);
            }
        }
    }

    @Override
    public Integer call() throws CommandException {
        Loaded loaded = Loaded.from(config, clock.instant());
        TokenFile tokenFile = find(loaded);
        // Read before anything else: a mistake in it is the person's, whatever the caller may have.
        Access attempt = access.isEmpty() ? null : Inputs.access(access, clock, audience(loaded, tokenFile));
        try (Processes processes = new Processes(PROC, loaded.configuration().containers())) {
            Caller caller = caller(processes);
            Explanation explanation = tokenFile.policy().explain(caller);
            Outcome outcome = outcome(loaded, tokenFile, processes, caller, attempt);
            if (json) {
                printJson(tokenFile, caller, explanation, outcome);
            } else {
                print(tokenFile, caller, explanation, outcome);
            }
            return outcome.exitStatus();
        }
    }

    private TokenFile find(Loaded loaded) throws CommandException {
        Configuration configuration = loaded.configuration();
        String mount = configuration.mount() + "/";
        String path = file.startsWith(mount) ? file.substring(mount.length()) : file;
        Node node = loaded.tree();
        for (String name : (path.startsWith("/") ? path.substring(1) : path).split("/", -1)) {
            node = node instanceof Directory directory ? directory.children().get(name) : null;
            if (node == null) {
                break;
            }
        }
        if (node instanceof TokenFile found) {
            return found;
        }
        List<String> paths = new ArrayList<>();
        configuration.files().forEach(definition -> paths.add(definition.path()));
        throw new CommandException(
                Failure.NO_SUCH_PATH,
                "no file '" + file + "' in the tree of " + configuration.file()
                        + Suggestion.among(paths, path.startsWith("/") ? path : "/" + path));
    }

    /** The verifier is taken to be the one that the file's tokens are for. */
    private static Audience audience(Loaded loaded, TokenFile tokenFile) {
        for (Configuration.FileDefinition definition : loaded.configuration().files()) {
            for (Caveat caveat : definition.caveats()) {
                if (definition.path().equals(tokenFile.path()) && caveat instanceof Audience audience) {
                    return audience;
                }
            }
        }
        throw new IllegalStateException("every file of a configuration has an audience");
    }

    private Caller caller(Processes processes) throws CommandException {
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
        try {
            return processes.identify(new Pid(number));
        } catch (RefusedException e) {
            throw new CommandException(e.failure(), "process " + number + " is refused every file: " + e.why());
        }
    }

    private Outcome outcome(
            Loaded loaded, TokenFile tokenFile, Processes processes, Caller caller, @Nullable Access attempt)
            throws CommandException {
        try {
            if (!loaded.configuration().allowOther()) {
                mayEnter(processes, caller);
            }
            TokenFile.Prospect token = tokenFile.prospect(caller, clock.instant(), new SecureRandom());
            return attempt == null
                    ? new Granted(tokenFile.lengthBytes(), token, "", List.of())
                    : new Granted(
                            tokenFile.lengthBytes(),
                            token,
                            attempt.toString(),
                            Check.of(token.caveats(), madeBy(caller, attempt)));
        } catch (RefusedException e) {
            return new Refused(e.failure(), e.why());
        }
    }

    /** The kernel lets nobody else into a mount than who mounted it, unless told to (fuse_allow_current_process). */
    private static void mayEnter(Processes processes, Caller caller) throws RefusedException {
        Caller self = processes.identify(new Pid((int) ProcessHandle.current().pid()));
        if (!self.uid().equals(caller.uid()) || !self.gid().equals(caller.gid())) {
            throw new RefusedException(
                    Failure.CALLER_REFUSED,
                    "the kernel keeps everybody out of the mount but uid " + self.uid() + " gid " + self.gid()
                            + ", whom credfs runs as: set 'allow-other: true' to let the rules decide");
        }
    }

    private static Access madeBy(Caller caller, Access attempt) {
        return caller.container().isHost()
                ? attempt
                : attempt.fromContainer(new ContainerCaveat(caller.container().idSha256()));
    }

    private void print(TokenFile tokenFile, Caller caller, Explanation explanation, Outcome outcome) {
        terminal.out().println(Terminal.printable(tokenFile.path() + ", read by " + caller.describe()));
        for (Explanation.RuleFinding finding : explanation.rules()) {
            terminal.check(
                    finding.matches(),
                    "rule " + finding.number() + " " + finding.rule().text() + ": " + why(finding));
        }
        outcome.print(terminal);
    }

    /** Of a rule that matches all facts, of another one those that stand in its way. */
    private static String why(Explanation.RuleFinding finding) {
        StringBuilder facts = new StringBuilder();
        for (Explanation.ConditionFinding condition : finding.conditions()) {
            if (condition.holds() == finding.matches()) {
                facts.append(facts.isEmpty() ? "" : "; ").append(condition.fact());
            }
        }
        return facts.toString();
    }

    private void printJson(TokenFile tokenFile, Caller caller, Explanation explanation, Outcome outcome) {
        Json.print(terminal, "explain", document -> {
            document.writeStringProperty("path", tokenFile.path());
            writeCaller(caller, document);
            document.writeArrayPropertyStart("rules");
            explanation.rules().forEach(finding -> writeRule(finding, document));
            document.writeEndArray();
            outcome.write(document);
        });
    }

    private static void writeCaller(Caller caller, JsonGenerator document) {
        document.writeObjectPropertyStart("caller");
        document.writeNumberProperty("pid", caller.pid().number());
        document.writeNumberProperty("start_ticks", caller.startTicks());
        document.writeNumberProperty("uid", caller.uid().number());
        document.writeNumberProperty("gid", caller.gid().number());
        document.writeStringProperty("exe", caller.executable().path());
        document.writeStringProperty("container", caller.container().id());
        document.writeEndObject();
    }

    private static void writeRule(Explanation.RuleFinding finding, JsonGenerator document) {
        document.writeStartObject();
        document.writeNumberProperty("number", finding.number());
        document.writeStringProperty("rule", finding.rule().text());
        document.writeBooleanProperty("matches", finding.matches());
        document.writeArrayPropertyStart("conditions");
        for (Explanation.ConditionFinding condition : finding.conditions()) {
            document.writeStartObject();
            document.writeStringProperty("condition", condition.condition().text());
            document.writeBooleanProperty("holds", condition.holds());
            document.writeStringProperty("fact", condition.fact());
            document.writeEndObject();
        }
        document.writeEndArray();
        document.writeEndObject();
    }
}
