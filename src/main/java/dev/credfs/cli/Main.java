package dev.credfs.cli;

import dev.credfs.policy.Failure;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program {@code credfs}. */
public final class Main {
    /** Commands that speak of the others. */
    private static final Set<String> OF_ALL = Set.of("help", "completion");

    private Main() {}

    /** Runs one command and ends the process with its exit status. */
    public static void main(String[] args) {
        // The launcher tells whether stdout is a terminal; Java 17 cannot, and https://no-color.org has a say.
        boolean colour = Boolean.getBoolean("credfs.tty")
                && System.getenv().getOrDefault("NO_COLOR", "").isEmpty();
        System.exit(run(args, new Terminal(System.in, System.out, System.err, colour), InstantSource.system()));
    }

    /**
     * Runs one command.
     *
     * @param in its stdin
     * @param out its stdout, for data
     * @param err its stderr, for messages
     * @return its exit status, as {@link Failure#exitStatus()} and 0 for success
     */
    public static int run(String[] args, InputStream in, PrintStream out, PrintStream err) {
        return run(args, new Terminal(in, out, err, false), InstantSource.system());
    }

    static int run(String[] args, Terminal terminal, InstantSource clock) {
        CommandLine commandLine = new CommandLine(new Root());
        Map<String, Supplier<Object>> commands = commands(terminal, clock);
        // Picocli reads the annotations of every command it is given, which takes longer than most commands do.
        Set<String> named = args.length > 0 && commands.containsKey(args[0]) && !OF_ALL.contains(args[0])
                ? Set.of(args[0])
                : commands.keySet();
        commands.forEach((name, command) -> {
            if (named.contains(name)) {
                commandLine.addSubcommand(name, command.get());
            }
        });
        addHelp(commandLine.getCommandSpec());
        addHelpBelow(commandLine);
        commandLine.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
        commandLine.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
        commandLine.setColorScheme(CommandLine.Help.defaultColorScheme(terminal.colour() ? Ansi.ON : Ansi.OFF));
        commandLine.setParameterExceptionHandler((e, arguments) -> usage(terminal, e));
        commandLine.setExecutionExceptionHandler((e, command, parsed) -> failed(terminal, e));
        int status = commandLine.execute(args);
        terminal.out().flush();
        return terminal.out().checkError() && status == 0 ? Failure.BUG.exitStatus() : status;
    }

    /** By name, in the order of the help. */
    private static Map<String, Supplier<Object>> commands(Terminal terminal, InstantSource clock) {
        Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
        commands.put("init", () -> new InitCommand(terminal, clock));
        commands.put("issue", () -> new IssueCommand(terminal));
        commands.put("attenuate", () -> new AttenuateCommand(terminal));
        commands.put("print", () -> new PrintCommand(terminal, clock));
        commands.put("verify", () -> new VerifyCommand(terminal, clock));
        commands.put("check", () -> new CheckCommand(terminal, clock));
        commands.put("explain", () -> new ExplainCommand(terminal, clock));
        commands.put("mount", () -> new MountCommand(terminal, clock));
        commands.put("status", () -> new StatusCommand(terminal));
        commands.put("reload", () -> new ReloadCommand(terminal));
        commands.put("gateway", () -> new GatewayCommand(terminal, clock));
        commands.put("revoke", () -> new RevokeCommand(terminal, clock));
        commands.put("vault", () -> VaultCommand.on(terminal, clock));
        commands.put("audit", () -> AuditCommand.on(terminal));
        commands.put("completion", () -> new CompletionCommand(terminal));
        commands.put("version", () -> new VersionCommand(terminal));
        commands.put("help", HelpCommand::new);
        return commands;
    }

    private static void addHelpBelow(CommandLine commandLine) {
        for (CommandLine subcommand : commandLine.getSubcommands().values()) {
            CommandSpec spec = subcommand.getCommandSpec();
            if (!spec.optionsMap().containsKey("--help")) {
                addHelp(spec);
            }
            addHelpBelow(subcommand);
        }
    }

    private static void addHelp(CommandSpec spec) {
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("print this help")
                .build());
    }

    private static int usage(Terminal terminal, ParameterException e) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        List<String> suggestions =
                e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        String hint = suggestions.isEmpty()
                ? "see '" + command + " --help'"
                : "did you mean '" + suggestions.get(0).strip() + "'?";
        terminal.say(problem(e) + "; " + hint);
        return Failure.USAGE.exitStatus();
    }

    /** Picocli's sentence in our spelling. It quotes arguments, but not one too many: that may be a secret in a wrong place. */
    private static String problem(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && e.getCommandLine().getSubcommands().isEmpty()) {
            String first = unmatched.getUnmatched().get(0);
            return first.startsWith("-")
                    ? "unknown option '" + Terminal.printable(first.replaceFirst("=.*", "")) + "'"
                    : "an argument too many; nothing secret is an argument, it comes from stdin or a prompt";
        }
        String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong arguments");
        String first = Terminal.printable(message);
        return Character.toLowerCase(first.charAt(0)) + first.substring(1);
    }

    private static int failed(Terminal terminal, Exception e) {
        if (e instanceof CommandException command) {
            terminal.say(Terminal.printable(String.valueOf(command.getMessage())));
            return command.failure().exitStatus();
        }
        StackTraceElement[] trace = e.getStackTrace();
        // The message of an unforeseen exception may quote a secret; its class and place do not.
        terminal.say("a bug: " + e.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]));
        return Failure.BUG.exitStatus();
    }

    @Command(
            name = "credfs",
            description = "A file system that mints a short-lived token each time a file is read.",
            synopsisSubcommandLabel = "COMMAND",
            footer = {
                "",
                "Exit status: 0 done, 1 bug, 2 usage, 3 no such path, 4 caller refused, 5 master missing or expired,",
                "6 token refused, 7 audit cannot be written, 8 configuration invalid, 9 not mounted."
            })
    private static final class Root implements Runnable {
        @CommandLine.Spec
        private CommandSpec spec = CommandSpec.create();

        @Override
        public void run() {
            throw new ParameterException(spec.commandLine(), "no command");
        }
    }
}
