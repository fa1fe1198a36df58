package dev.credfs.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs status}: how a running mount is, in its own words. */
@Command(
        name = "status",
        description = {
            "Say what a running mount serves, and what is wrong with it.",
            "Which masters are bad and when the others expire, whether the audit log can be written, and what was given",
            "and refused. Run it as the user that 'mount' runs as, or as root.",
            "Exits with 0 when every file can be read, 5 when a master is bad, 7 when the log cannot be written,",
            "9 when no mount runs."
        })
final class StatusCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the configuration")
    private Path config = Path.of("");

    @Option(names = "--json", description = "print credfs/status/v1")
    private boolean json;

    private final Terminal terminal;

    StatusCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandException {
        return ControlSocket.require(
                config,
                Daemon.question("status", terminal, document -> document.writeBooleanProperty("json", json)),
                terminal);
    }
}
