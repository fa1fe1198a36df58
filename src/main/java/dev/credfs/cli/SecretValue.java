package dev.credfs.cli;

import dev.credfs.crypto.KeyFile;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.policy.Failure;
import dev.credfs.vault.ControllingTerminal;
import dev.credfs.vault.Descriptor;
import dev.credfs.vault.Section;
import dev.credfs.vault.VaultException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How the value of an entry comes in: from stdin, from a descriptor, or typed without being shown. Never by argv. */
final class SecretValue {
    static final int MIN_CREDENTIAL_BYTES = 8;
    static final int MAX_CREDENTIAL_BYTES = 4096;
    private static final int MAX_BYTES = 16 * 1024;

    @Option(names = "--fd", paramLabel = "N", description = "the value from an inherited descriptor instead of stdin")
    private @Nullable Integer descriptor;

    /** The value for an entry, checked to be one of its kind. */
    SecretBytes read(Terminal terminal, Section section, String what) throws CommandException, VaultException {
        if (descriptor != null) {
            try (SecretBytes given = Descriptor.readInherited(descriptor, MAX_BYTES)) {
                return checked(section, given);
            }
        }
        if (terminal.isInTerminal()) {
            try (ControllingTerminal person = ControllingTerminal.open();
                    SecretBytes typed = person.askSecretly(what + " (not shown): ")) {
                return checked(section, typed);
            }
        }
        byte[] input = terminal.readInput(Failure.USAGE, "the " + what);
        try (SecretBytes given = SecretBytes.copyOf(input)) {
            return checked(section, given);
        } finally {
            Arrays.fill(input, (byte) 0);
        }
    }

    /**
     * The value as it is kept, without the newline at its end.
     *
     * @throws CommandException if it is none of the section's kind; the message quotes nothing of it
     */
    static SecretBytes checked(Section section, SecretBytes given) throws CommandException {
        byte[] bytes = given.revealCopy();
        byte[] line = {};
        try {
            int end = bytes.length > 0 && bytes[bytes.length - 1] == '\n' ? bytes.length - 1 : bytes.length;
            line = Arrays.copyOf(bytes, end);
            switch (section) {
                case MASTERS -> MasterMacaroon.parse(line);
                case ROOT_KEYS -> KeyFile.parse(line).close();
                default -> requireCredential(line);
            }
            return SecretBytes.copyOf(line);
        } catch (MalformedMacaroonException | IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, "that is no " + section.kind() + ": " + e.getMessage());
        } finally {
            Arrays.fill(bytes, (byte) 0);
            Arrays.fill(line, (byte) 0);
        }
    }

    private static void requireCredential(byte[] line) {
        if (line.length < MIN_CREDENTIAL_BYTES || line.length > MAX_CREDENTIAL_BYTES) {
            throw new IllegalArgumentException(
                    "it has " + MIN_CREDENTIAL_BYTES + " to " + MAX_CREDENTIAL_BYTES + " bytes");
        }
        for (byte b : line) {
            if (b <= ' ' || b > '~') {
                throw new IllegalArgumentException("it is visible ASCII: no blank, no line end, no control character");
            }
        }
    }
}
