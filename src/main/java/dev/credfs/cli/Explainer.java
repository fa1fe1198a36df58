package dev.credfs.cli;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Node;
import dev.credfs.mint.Pace;
import dev.credfs.mint.PublicFile;
import dev.credfs.mint.TokenFile;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Explanation;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.procfs.Processes;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/**
 * Says what an open of a file by a process would come to, asked of the very code that a mount asks. A running mount explains
 * with what it has, its rates and recent tokens among them; offline it is a mint that has just begun.
 *
 * @param source who explains
 * @param problem what keeps every token from being handed out, whatever the rules say; empty where nothing does
 */
record Explainer(Source source, Loaded loaded, Mint mint, Processes processes, InstantSource clock, String problem) {

    /**
     * Who explains, and by which configuration.
     *
     * @param text as the first line of the answer
     * @param json the same, as the value of {@code asked}
     */
    record Source(String text, Json.Body json) {}

    /**
     * What is to be explained.
     *
     * @param path of a file in the tree, or in the mount
     * @param pid of the process that would open it
     * @param access an attempt with the token, or empty
     */
    record Question(String path, int pid, String access, boolean json) {
        static Question read(JsonNode question) {
            return new Question(
                    question.path("path").asString(""),
                    question.path("pid").asInt(0),
                    question.path("access").asString(""),
                    question.path("json").asBoolean(false));
        }

        void write(JsonGenerator document) {
            document.writeStringProperty("path", path);
            document.writeNumberProperty("pid", pid);
            document.writeStringProperty("access", access);
            document.writeBooleanProperty("json", json);
        }
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
            terminal.check(false, "refused with " + failure.errno() + ": " + why);
        }

        @Override
        public void write(JsonGenerator document) {
            document.writeBooleanProperty("granted", false);
            document.writeStringProperty("errno", failure.errno().name());
            document.writeStringProperty("why", why);
        }
    }

    /**
     * A token, not made.
     *
     * @param pace what the rate and coalesce of the file come to, a line each
     * @param access what it was tried with, or empty
     * @param checks what came of that
     */
    private record Granted(int lengthBytes, Mint.Outlook outlook, List<String> pace, String access, List<Check> checks)
            implements Outcome {
        TokenFile.Prospect token() {
            return outlook.token();
        }

        boolean cleared() {
            return checks.stream().allMatch(Check::passed);
        }

        int ruleNumber() {
            return token().grant().ruleIndex() + 1;
        }

        @Override
        public int exitStatus() {
            return cleared() ? 0 : Failure.CAVEAT_NOT_CLEARED.exitStatus();
        }

        @Override
        public void print(Terminal terminal) {
            terminal.check(
                    true, "granted by rule " + ruleNumber() + ": " + lengthBytes + " bytes, with a token such as");
            pace.forEach(line -> terminal.check(true, line));
            if (access.isEmpty()) {
                for (Caveat caveat : token().caveats()) {
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
            if (outlook.readsLeft() < Integer.MAX_VALUE) {
                document.writeNumberProperty("reads_left", outlook.readsLeft());
            }
            document.writeBooleanProperty("again", outlook.again());
            document.writeStringProperty("expiry", token().expiry().toString());
            document.writeArrayPropertyStart("caveats");
            token().caveats().forEach(caveat -> document.writeString(caveat.predicate()));
            document.writeEndArray();
            if (!access.isEmpty()) {
                document.writeStringProperty("access", access);
                document.writeBooleanProperty("cleared", cleared());
                Check.write(checks, document);
            }
        }
    }

    /** Prints the answer and returns the exit status. */
    int answer(Question question, Terminal terminal) throws CommandException {
        TokenFile tokenFile = find(question.path());
        // Read before anything else: a mistake in it is the person's, whatever the caller may have.
        Access attempt =
                question.access().isEmpty() ? null : Inputs.access(question.access(), clock, audience(tokenFile));
        Caller caller = caller(question.pid());
        Explanation explanation = tokenFile.policy().explain(caller);
        Outcome outcome = outcome(tokenFile, caller, attempt);
        if (question.json()) {
            printJson(tokenFile, caller, explanation, outcome, terminal);
        } else {
            print(tokenFile, caller, explanation, outcome, terminal);
        }
        return outcome.exitStatus();
    }

    private TokenFile find(String file) throws CommandException {
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
        if (node instanceof PublicFile) {
            throw new CommandException(
                    Failure.NO_SUCH_PATH,
                    "'" + file + "' holds no token: everybody whom the mount lets in may read it");
        }
        List<String> paths = new ArrayList<>();
        configuration.files().forEach(definition -> paths.add(definition.path()));
        throw new CommandException(
                Failure.NO_SUCH_PATH,
                "no file '" + file + "' in the tree of " + configuration.file()
                        + Suggestion.among(paths, path.startsWith("/") ? path : "/" + path));
    }

    /** The verifier is taken to be the one that the file's tokens are for. */
    private Audience audience(TokenFile tokenFile) {
        for (Configuration.FileDefinition definition : loaded.configuration().files()) {
            for (Caveat caveat : definition.caveats()) {
                if (definition.path().equals(tokenFile.path()) && caveat instanceof Audience audience) {
                    return audience;
                }
            }
        }
        throw new IllegalStateException("every file of a configuration has an audience");
    }

    private Caller caller(int pid) throws CommandException {
        try {
            return processes.identify(new Pid(pid));
        } catch (RefusedException e) {
            throw new CommandException(
                    e.failure(),
                    isThere(pid)
                            ? "process " + pid + " is refused every file: " + e.why()
                            : "there is no process " + pid + " (in the pid namespace of credfs)");
        }
    }

    private static boolean isThere(int pid) {
        return ProcessHandle.of(pid).isPresent();
    }

    private Outcome outcome(TokenFile tokenFile, Caller caller, @Nullable Access attempt) throws CommandException {
        try {
            if (!loaded.configuration().allowOther()) {
                mayEnter(caller);
            }
            Mint.Outlook outlook = mint.foresee(tokenFile, caller);
            if (!problem.isEmpty()) {
                throw new RefusedException(Failure.AUDIT_UNAVAILABLE, problem);
            }
            List<Check> checks =
                    attempt == null ? List.of() : Check.of(outlook.token().caveats(), madeBy(caller, attempt));
            return new Granted(
                    tokenFile.lengthBytes(),
                    outlook,
                    pace(tokenFile.pace(), outlook),
                    attempt == null ? "" : attempt.toString(),
                    checks);
        } catch (RefusedException e) {
            return new Refused(e.failure(), e.why());
        }
    }

    /** The kernel lets nobody else into a mount than who mounted it, unless told to (fuse_allow_current_process). */
    private void mayEnter(Caller caller) throws RefusedException {
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

    private static List<String> pace(Pace pace, Mint.Outlook outlook) {
        List<String> lines = new ArrayList<>();
        if (pace.isLimited()) {
            lines.add("rate " + pace.readsPerMinute() + " reads a minute, of which " + outlook.readsLeft()
                    + " are left to this caller");
        }
        if (!pace.coalesce().isZero()) {
            lines.add("coalesce " + pace.coalesce().toSeconds() + "s, and this process "
                    + (outlook.again() ? "would get the token that it has again" : "has no token to get again"));
        }
        return lines;
    }

    private void print(
            TokenFile tokenFile, Caller caller, Explanation explanation, Outcome outcome, Terminal terminal) {
        terminal.out().println(Terminal.printable(source.text()));
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

    private void printJson(
            TokenFile tokenFile, Caller caller, Explanation explanation, Outcome outcome, Terminal terminal) {
        Json.print(terminal, "explain", document -> {
            document.writeObjectPropertyStart("asked");
            source.json().writeTo(document);
            document.writeEndObject();
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
