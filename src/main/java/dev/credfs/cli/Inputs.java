package dev.credfs.cli;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.PresentedMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Failure;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Turns what a person passes to a command into the types of the core, or into one line that says what is wrong with it. */
final class Inputs {
    private Inputs() {}

    static PresentedMacaroon macaroon(Terminal terminal) throws CommandException {
        byte[] input = terminal.readInput(Failure.TOKEN_MALFORMED, "a token or a master");
        try {
            return PresentedMacaroon.parseLine(input);
        } catch (MalformedMacaroonException e) {
            throw new CommandException(Failure.TOKEN_MALFORMED, "stdin is not a macaroon: " + e.getMessage());
        }
    }

    static List<Caveat> caveats(List<String> texts) throws CommandException {
        List<Caveat> caveats = new ArrayList<>();
        for (String text : texts) {
            try {
                caveats.add(Caveat.parse(text));
            } catch (CaveatSyntaxException e) {
                throw new CommandException(Failure.USAGE, "--caveat: " + e.getMessage());
            }
        }
        return caveats;
    }

    static RootKey rootKey(Path file) throws CommandException {
        ProcessMemory.forbidInspection();
        byte[] content = SecretFile.read(file, "root key");
        try {
            return RootKey.parse(content);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.MASTER_UNAVAILABLE, "root key " + file + ": " + e.getMessage());
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    static KeyId keyId(String text) throws CommandException {
        try {
            return new KeyId(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, "--id: " + e.getMessage());
        }
    }

    static Audience audience(String text) throws CommandException {
        try {
            return Audience.parseValue(text);
        } catch (CaveatSyntaxException e) {
            throw new CommandException(Failure.USAGE, "--audience: " + e.getMessage());
        }
    }

    static Access access(String text, InstantSource clock, Audience audience) throws CommandException {
        try {
            return Access.parse(text, clock, audience);
        } catch (CaveatSyntaxException e) {
            throw new CommandException(Failure.USAGE, "--access: " + e.getMessage());
        }
    }
}
