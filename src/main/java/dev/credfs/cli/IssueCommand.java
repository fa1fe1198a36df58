package dev.credfs.cli;

import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Failure;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs issue}: from a root key to a master. */
@Command(name = "issue", description = "Make a master from a root key; print it on stdout.")
final class IssueCommand implements Callable<Integer> {
    @Option(names = "--key", required = true, paramLabel = "FILE", description = "root key, mode 0600")
    private Path key = Path.of("");

    @Option(names = "--id", required = true, paramLabel = "ID", description = "names the key to those who verify")
    private String id = "";

    @Option(
            names = "--caveat",
            paramLabel = "'k op v'",
            description = "restricts every token of this master; repeatable")
    private List<String> caveats = List.of();

    private final Terminal terminal;

    IssueCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandException {
        try (RootKey rootKey = Inputs.rootKey(key)) {
            MasterMacaroon master = rootKey.issue(Inputs.keyId(id), Inputs.caveats(caveats));
            terminal.out().writeBytes(master.revealMasterFile());
            return 0;
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, "--caveat: " + e.getMessage());
        }
    }
}
