package dev.credfs.cli;

import dev.credfs.audit.AuditLine;
import dev.credfs.audit.AuditReader;
import dev.credfs.audit.AuditVerdict;
import dev.credfs.audit.AuditVerification;
import dev.credfs.audit.Problems;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code credfs audit}: what stands in a log, and whether it is what was written. */
@Command(name = "audit", description = "Read an audit log, or verify that nobody changed it.")
final class AuditCommand implements Runnable {
    private static final int PERCENT = 100;
    private static final int BAR_WIDTH = 40;

    @Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    private AuditCommand() {}

    static CommandLine on(Terminal terminal) {
        CommandLine commands = new CommandLine(new AuditCommand());
        commands.addSubcommand("tail", new Tail(terminal));
        commands.addSubcommand("show", new Show(terminal));
        commands.addSubcommand("verify", new Verify(terminal));
        return commands;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command");
    }

    private static CommandException unreadable(Path file, IOException e) {
        return new CommandException(
                Failure.NO_SUCH_PATH, "the audit log " + file + " cannot be read: " + Problems.of(e));
    }

    @Command(name = "tail", description = "Print the last records of a log.")
    private static final class Tail implements Callable<Integer> {
        private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

        @Parameters(paramLabel = "FILE", description = "the log")
        private Path file = Path.of("");

        @Option(names = "-n", paramLabel = "COUNT", description = "how many; ${DEFAULT-VALUE} if not given")
        private int count = 10;

        @Option(
                names = {"-f", "--follow"},
                description = "go on with what is written later, also after a rotation, until interrupted")
        private boolean follow;

        @Option(names = "--json", description = "print the lines as they stand, credfs/audit/v1")
        private boolean json;

        private final Terminal terminal;

        Tail(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            if (count < 0) {
                throw new CommandException(Failure.USAGE, "-n: expected a count, not " + count);
            }
            try {
                Object inode = inode();
                AuditReader reader = AuditReader.open(file);
                try {
                    reader.seekToLast(count);
                    print(reader);
                    while (follow && !terminal.out().checkError()) {
                        LockSupport.parkNanos(POLL_NANOS);
                        print(reader);
                        Object now = inode();
                        if (now != null && !now.equals(inode)) {
                            // What came to the old file between the last look and its renaming.
                            print(reader);
                            reader.close();
                            reader = AuditReader.open(file);
                            inode = now;
                        }
                    }
                } finally {
                    reader.close();
                }
            } catch (IOException e) {
                throw unreadable(file, e);
            }
            return 0;
        }

        /** Null for the moment between a renaming and the new file. */
        private @Nullable Object inode() throws IOException {
            return Files.exists(file) ? Files.getAttribute(file, "unix:ino") : null;
        }

        private void print(AuditReader reader) throws IOException {
            for (Optional<AuditLine> line = reader.next(); line.isPresent(); line = reader.next()) {
                terminal.out().println(json ? line.get().json() : line.get().describe());
            }
        }
    }

    @Command(
            name = "show",
            description = "Print what logs hold about one token: who read it, and all that it was spent on.")
    private static final class Show implements Callable<Integer> {
        private static final String WITHDRAWN = "\"event\":\"withdrawn\"";

        @Parameters(
                arity = "1..*",
                paramLabel = "FILE",
                description = "the files of the mount's log, then of the gateway's, each oldest first")
        private List<Path> files = List.of();

        @Option(names = "--jti", required = true, paramLabel = "ID", description = "the token's id")
        private String tokenId = "";

        @Option(names = "--json", description = "print the lines as they stand, credfs/audit/v1")
        private boolean json;

        private final Terminal terminal;

        Show(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            requireTokenId();
            Set<Long> shown = new HashSet<>();
            boolean any = false;
            long last = 0;
            for (Path file : files) {
                try {
                    if (seq(file, false) != last + 1) {
                        // Another log: a record that it takes back is not the one of that number here.
                        shown.clear();
                    }
                    last = seq(file, true);
                    any |= show(file, shown);
                } catch (IOException e) {
                    throw unreadable(file, e);
                }
            }
            if (!any) {
                throw new CommandException(
                        Failure.NO_SUCH_PATH, "no record of " + tokenId + " in these files; older ones may have it");
            }
            return 0;
        }

        /** Number of the first or the last record of {@code file}; 0 if it has none. */
        private static long seq(Path file, boolean last) throws IOException {
            try (AuditReader reader = AuditReader.open(file)) {
                if (last) {
                    reader.seekToLast(1);
                }
                return reader.next().map(AuditLine::seq).orElse(0L);
            }
        }

        private boolean show(Path file, Set<Long> shown) throws IOException {
            boolean any = false;
            try (AuditReader reader = AuditReader.open(file)) {
                Optional<AuditLine> line = reader.nextWith(tokenId, WITHDRAWN);
                while (line.isPresent()) {
                    any |= show(line.get(), shown);
                    line = reader.nextWith(tokenId, WITHDRAWN);
                }
            }
            return any;
        }

        private void requireTokenId() throws CommandException {
            try {
                Caveat.parse("jti = " + tokenId);
            } catch (CaveatSyntaxException e) {
                throw new CommandException(Failure.USAGE, "--jti: expected the 26 characters of a token's id");
            }
        }

        private boolean show(AuditLine line, Set<Long> shown) {
            if (line.withdraws() != 0 && !shown.contains(line.withdraws())) {
                return false;
            }
            shown.add(line.seq());
            terminal.out().println(json ? line.json() : line.describe());
            if (!json) {
                for (String caveat : line.caveats()) {
                    terminal.out().println("    " + caveat);
                }
            }
            return true;
        }
    }

    @Command(
            name = "verify",
            description = {
                "Name the first line of a log that is not what was written, or say that all are intact.",
                "Exit 0 if all are, 7 if not. A log in use can be verified."
            })
    private static final class Verify implements Callable<Integer> {
        @Parameters(arity = "1..*", paramLabel = "FILE", description = "the files of the log, oldest first")
        private List<Path> files = List.of();

        @Option(
                names = "--head",
                paramLabel = "FILE",
                description = "the signed head; else the one beside the last file")
        private @Nullable Path head;

        @Option(
                names = "--public-key",
                paramLabel = "FILE",
                description = "the head's; else the one beside the last file")
        private @Nullable Path publicKey;

        @Option(names = "--json", description = "print credfs/audit-verify/v1")
        private boolean json;

        private final Terminal terminal;
        private long shownPercent = -1;

        Verify(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            AuditVerification beside = AuditVerification.of(files);
            AuditVerification verification = new AuditVerification(
                    files, head == null ? beside.head() : head, publicKey == null ? beside.publicKey() : publicKey);
            boolean bar = !json && terminal.isErrTerminal();
            AuditVerdict verdict;
            try {
                verdict = verification.run(bar ? this::showBar : (done, total) -> {});
            } catch (IOException e) {
                String why = e instanceof NoSuchFileException ? "no such file: " + e.getMessage() : Problems.of(e);
                throw new CommandException(Failure.NO_SUCH_PATH, "cannot verify: " + why);
            } finally {
                if (bar) {
                    terminal.err().print("\r\u001b[K");
                    terminal.err().flush();
                }
            }
            if (json) {
                printJson(verdict);
            } else {
                print(verdict);
            }
            return verdict instanceof AuditVerdict.Intact ? 0 : Failure.AUDIT_UNAVAILABLE.exitStatus();
        }

        private void showBar(long done, long total) {
            long percent = total == 0 ? PERCENT : done * PERCENT / total;
            if (percent != shownPercent) {
                shownPercent = percent;
                int full = (int) (percent * BAR_WIDTH / PERCENT);
                terminal.err()
                        .print("\r[" + "#".repeat(full) + " ".repeat(BAR_WIDTH - full)
                                + String.format(Locale.ROOT, "] %3d %%", percent));
                terminal.err().flush();
            }
        }

        private void print(AuditVerdict verdict) {
            for (AuditVerdict.Remark remark : verdict.remarks()) {
                String where = remark.line() == 0 ? "" : remark.file() + ":" + remark.line() + ": ";
                terminal.out().println("! " + Terminal.printable(where + remark.text()));
            }
            if (verdict instanceof AuditVerdict.Broken broken) {
                terminal.check(false, broken.file() + ":" + broken.line() + ": " + broken.why());
            } else if (verdict instanceof AuditVerdict.Intact intact) {
                terminal.check(true, describe(intact));
            }
        }

        private static String describe(AuditVerdict.Intact intact) {
            if (intact.lastRecord() == 0) {
                return "intact: no records";
            }
            return "intact: records " + intact.firstRecord() + " to " + intact.lastRecord()
                    + (intact.signedUpTo() == 0 ? "" : ", signed up to " + intact.signedUpTo());
        }

        private void printJson(AuditVerdict verdict) {
            Json.print(terminal, "audit-verify", document -> {
                document.writeBooleanProperty("intact", verdict instanceof AuditVerdict.Intact);
                if (verdict instanceof AuditVerdict.Intact intact) {
                    document.writeNumberProperty("first_record", intact.firstRecord());
                    document.writeNumberProperty("last_record", intact.lastRecord());
                    document.writeNumberProperty("signed_up_to", intact.signedUpTo());
                } else if (verdict instanceof AuditVerdict.Broken broken) {
                    document.writeStringProperty("file", broken.file().toString());
                    document.writeNumberProperty("line", broken.line());
                    document.writeStringProperty("why", broken.why());
                }
                document.writeArrayPropertyStart("remarks");
                for (AuditVerdict.Remark remark : verdict.remarks()) {
                    document.writeStartObject();
                    document.writeStringProperty("file", remark.file().toString());
                    document.writeNumberProperty("line", remark.line());
                    document.writeStringProperty("text", remark.text());
                    document.writeEndObject();
                }
                document.writeEndArray();
            });
        }
    }
}
