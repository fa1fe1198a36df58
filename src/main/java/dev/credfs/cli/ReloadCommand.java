package dev.credfs.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs reload}: SIGHUP with an answer. */
@Command(
        name = "reload",
        description = {
            "Have a running mount read its configuration and masters again, as SIGHUP does.",
            "It opens its audit log anew too, and says what came of it. Exits with 0 when the new configuration serves,",
            "5 when it serves with a bad master; with 7 (audit log) or 8 (configuration) the old one stays;",
            "9 when no mount runs."
        })
final class ReloadCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the configuration")
    private Path config = Path.of("");

    private final Terminal terminal;

    ReloadCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandException {
        return ControlSocket.require(config, Daemon.question("reload", terminal, document -> {}), terminal);
    }
}
