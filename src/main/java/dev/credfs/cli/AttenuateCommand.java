package dev.credfs.cli;

import dev.credfs.macaroon.PresentedMacaroon;
import dev.credfs.policy.Failure;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs attenuate}: a narrower macaroon, without any key. */
@Command(
        name = "attenuate",
        description = "Narrow the token or master on stdin; print the result on stdout. Needs no key.")
final class AttenuateCommand implements Callable<Integer> {
    @Option(names = "--caveat", required = true, paramLabel = "'k op v'", description = "added at the end; repeatable")
    private List<String> caveats = List.of();

    private final Terminal terminal;

    AttenuateCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws CommandException {
        PresentedMacaroon macaroon = Inputs.macaroon(terminal);
        try {
            terminal.out()
                    .writeBytes(macaroon.attenuate(Inputs.caveats(caveats)).revealText());
            terminal.out().println();
            return 0;
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, "--caveat: " + e.getMessage());
        }
    }
}
