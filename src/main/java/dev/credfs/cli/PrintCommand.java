package dev.credfs.cli;

import dev.credfs.caveat.Caveat;
import dev.credfs.macaroon.PresentedMacaroon;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs print}: what a macaroon says of itself. */
@Command(name = "print", description = "Decode the macaroon on stdin. What it says is not verified.")
final class PrintCommand implements Callable<Integer> {
    @Option(names = "--json", description = "print credfs/print/v1")
    private boolean json;

    private final Terminal terminal;
    private final InstantSource clock;

    PrintCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        PresentedMacaroon macaroon = Inputs.macaroon(terminal);
        Instant expiry = macaroon.unverifiedExpiry();
        long secondsLeft = Duration.between(clock.instant(), expiry).toSeconds();
        if (json) {
            printJson(macaroon, expiry, secondsLeft);
        } else {
            print(macaroon, expiry, secondsLeft);
        }
        return 0;
    }

    private void printJson(PresentedMacaroon macaroon, Instant expiry, long secondsLeft) {
        Json.print(terminal, "print", document -> {
            document.writeBooleanProperty("verified", false);
            document.writeStringProperty("id", macaroon.unverifiedId().text());
            document.writeStringProperty("location", macaroon.unverifiedLocation());
            document.writeStringProperty("fingerprint", macaroon.fingerprint().hex());
            document.writeName("caveats");
            document.writeStartArray();
            for (Caveat caveat : macaroon.unverifiedCaveats()) {
                document.writeString(caveat.predicate());
            }
            document.writeEndArray();
            if (expiry.isBefore(Instant.MAX)) {
                document.writeStringProperty("expires_at", expiry.toString());
                document.writeNumberProperty("seconds_left", secondsLeft);
            }
        });
    }

    private void print(PresentedMacaroon macaroon, Instant expiry, long secondsLeft) {
        terminal.out().println("unverified   anybody can write this; 'credfs verify' checks it");
        terminal.out()
                .println("id           "
                        + Terminal.printable(macaroon.unverifiedId().text()));
        if (!macaroon.unverifiedLocation().isEmpty()) {
            terminal.out().println("location     " + Terminal.printable(macaroon.unverifiedLocation()));
        }
        terminal.out().println("fingerprint  " + macaroon.fingerprint());
        for (Caveat caveat : macaroon.unverifiedCaveats()) {
            terminal.out().println("caveat       " + Terminal.printable(caveat.predicate()));
        }
        if (expiry.equals(Instant.MAX)) {
            terminal.out().println("expires      never: a master, which no gateway takes as a token");
        } else if (secondsLeft > 0) {
            terminal.out().println("expires      in " + secondsLeft + " seconds, at " + expiry);
        } else {
            terminal.out().println("expires      expired " + -secondsLeft + " seconds ago, at " + expiry);
        }
    }
}
