package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.caveat.TokenId;
import dev.credfs.gateway.GatewayConfig;
import dev.credfs.gateway.Revocation;
import dev.credfs.gateway.RevocationList;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs revoke}: what the gateway honours no longer, whether it runs or is started later. */
@Command(name = "revoke", description = "Tell the gateway what it must not honour any more.")
final class RevokeCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the gateway's configuration")
    private Path config = Path.of("");

    @ArgGroup(multiplicity = "1")
    private What what = new What();

    /** Exactly one of them is given. */
    private static final class What {
        @Option(names = "--jti", paramLabel = "ID", description = "one token, by its id")
        private String tokenId = "";

        @Option(names = "--container", paramLabel = "ID", description = "all that this container read or presents")
        private String container = "";

        @Option(names = "--master", paramLabel = "KEY-ID", description = "every master of a root key, and their tokens")
        private String keyId = "";

        @Option(names = "--all", description = "every token made until now")
        private boolean all;
    }

    private final Terminal terminal;
    private final InstantSource clock;

    RevokeCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        Revocation revocation = revocation();
        Path state = GatewayReader.stateDirectory(config);
        GatewayCommand.makePrivate(state);
        Path list = GatewayConfig.revocations(state);
        try {
            RevocationList.append(list, revocation);
        } catch (IOException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, "cannot write " + list + ": " + Problems.of(e));
        }
        terminal.say("revoked: " + revocation.line());
        return 0;
    }

    private Revocation revocation() throws CommandException {
        if (what.all) {
            return new Revocation.OfAllUntil(clock.instant());
        }
        if (!what.container.isEmpty()) {
            return new Revocation.OfContainer(new ContainerCaveat(new Container(what.container).idSha256()));
        }
        if (!what.keyId.isEmpty()) {
            return new Revocation.OfKey(Inputs.keyId(what.keyId));
        }
        try {
            return new Revocation.OfToken(new TokenId(what.tokenId));
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, "--jti: " + e.getMessage());
        }
    }
}
