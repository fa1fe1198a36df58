package dev.credfs.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs version}. */
@Command(name = "version", description = "Print the version of credfs and of the Java it runs on.")
final class VersionCommand implements Callable<Integer> {
    @Option(names = "--json", description = "print credfs/version/v1")
    private boolean json;

    private final Terminal terminal;

    VersionCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** From the manifest of the jar; a class directory has none. */
    static String version() {
        return Objects.requireNonNullElse(VersionCommand.class.getPackage().getImplementationVersion(), "unpackaged");
    }

    @Override
    public Integer call() {
        String java = Runtime.version().toString();
        if (json) {
            Json.print(terminal, "version", document -> {
                document.writeStringProperty("version", version());
                document.writeStringProperty("java", java);
            });
        } else {
            terminal.out().println("credfs " + version() + " on Java " + java);
        }
        return 0;
    }
}
