package dev.credfs.cli;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.macaroon.BadSignatureException;
import dev.credfs.macaroon.PresentedMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.macaroon.VerifiedMacaroon;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs verify}: the chain first, then each caveat against an access. */
@Command(
        name = "verify",
        description = "Check the token on stdin: its chain with the root key, then each caveat against an access.")
final class VerifyCommand implements Callable<Integer> {
    @Option(names = "--key", required = true, paramLabel = "FILE", description = "root key, mode 0600")
    private Path key = Path.of("");

    @Option(names = "--access", required = true, paramLabel = "'GET https://host/path'", description = "the attempt")
    private String access = "";

    @Option(names = "--at", paramLabel = "INSTANT", description = "as if it were 2026-01-02T03:04:05Z; else now")
    private String at = "";

    @Option(
            names = "--audience",
            paramLabel = "NAME",
            defaultValue = "gateway.local",
            description = "who verifies; ${DEFAULT-VALUE} if not given")
    private String audience = "";

    @Option(
            names = "--container",
            paramLabel = "ID",
            description = "id of the presenter's container, as its cgroup names it")
    private String container = "";

    @Option(names = "--client-ip", paramLabel = "ADDRESS", description = "the presenter's IPv4 address")
    private String clientIp = "";

    @Option(names = "--json", description = "print credfs/verify/v1")
    private boolean json;

    private final Terminal terminal;
    private final InstantSource clock;

    VerifyCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        Access attempt = attempt();
        List<Check> checks = new ArrayList<>();
        try (RootKey rootKey = Inputs.rootKey(key)) {
            PresentedMacaroon presented = Inputs.macaroon(terminal);
            try {
                VerifiedMacaroon verified = presented.verify(rootKey);
                checks.add(new Check("signature", true, "key id '" + verified.id() + "'"));
                checks.addAll(Check.of(verified.caveats(), attempt));
            } catch (BadSignatureException e) {
                checks.add(new Check("signature", false, String.valueOf(e.getMessage())));
            }
        }
        boolean cleared = checks.stream().allMatch(Check::passed);
        if (json) {
            printJson(checks, attempt, cleared);
        } else {
            checks.forEach(check -> check.print(terminal));
            terminal.out().println((cleared ? "cleared: " : "refused: ") + attempt);
        }
        return cleared ? 0 : Failure.CAVEAT_NOT_CLEARED.exitStatus();
    }

    private Access attempt() throws CommandException {
        Audience verifier = Inputs.audience(audience);
        Access attempt = Inputs.access(access, at.isEmpty() ? clock : fixed(), verifier);
        if (!container.isEmpty()) {
            attempt = attempt.fromContainer(new ContainerCaveat(new Container(container).idSha256()));
        }
        if (!clientIp.isEmpty()) {
            try {
                attempt = attempt.fromAddress(clientIp);
            } catch (CaveatSyntaxException e) {
                throw new CommandException(Failure.USAGE, "--client-ip: " + e.getMessage());
            }
        }
        return attempt;
    }

    private InstantSource fixed() throws CommandException {
        try {
            return InstantSource.fixed(Instant.parse(at));
        } catch (DateTimeException e) {
            throw new CommandException(
                    Failure.USAGE, "--at: expected an instant such as 2026-01-02T03:04:05Z, not '" + at + "'");
        }
    }

    private void printJson(List<Check> checks, Access attempt, boolean cleared) {
        Json.print(terminal, "verify", document -> {
            document.writeBooleanProperty("cleared", cleared);
            document.writeStringProperty("access", attempt.toString());
            Check.write(checks, document);
        });
    }
}
