package dev.credfs.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code credfs completion}: made from the commands themselves. */
@Command(
        name = "completion",
        description = {"Print a completion script for bash and zsh.", "Use it with: source <(credfs completion)"})
final class CompletionCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    private final Terminal terminal;

    CompletionCommand(Terminal terminal) {
        this.terminal = terminal;
        this.spec = CommandSpec.create();
    }

    @Override
    public Integer call() {
        terminal.out().print(AutoComplete.bash("credfs", spec.root().commandLine()));
        return 0;
    }
}
