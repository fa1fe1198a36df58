package dev.credfs.cli;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.vault.Age;
import dev.credfs.vault.ControllingTerminal;
import dev.credfs.vault.Descriptor;
import dev.credfs.vault.Identity;
import dev.credfs.vault.Keyring;
import dev.credfs.vault.VaultException;
import java.nio.file.Path;
import java.util.Arrays;

/** Where the identity that opens a vault comes from. */
sealed interface IdentitySource {
    /** Far above every identity file. */
    int MAX_BYTES = 16 * 1024;

    /** Text of an identity file; it may be encrypted with a passphrase. */
    SecretBytes read(String vault) throws VaultException;

    /** For messages. */
    String describe();

    /** A file of mode 0600. */
    record InFile(Path file) implements IdentitySource {
        @Override
        public SecretBytes read(String vault) throws VaultException {
            return Identity.readFile(file);
        }

        @Override
        public String describe() {
            return "identity " + file;
        }
    }

    /** What systemd passes to a service, {@code LoadCredential=} and its kin. */
    record Systemd(String name) implements IdentitySource {
        @Override
        public SecretBytes read(String vault) throws VaultException {
            String directory = System.getenv("CREDENTIALS_DIRECTORY");
            if (directory == null || directory.isEmpty()) {
                throw new VaultException(describe() + ": systemd passed none: set LoadCredential= in the unit");
            }
            return Identity.readSystemdCredential(Path.of(directory), name);
        }

        @Override
        public String describe() {
            return "systemd credential " + name;
        }
    }

    /** An inherited descriptor, which gives it once. */
    record Inherited(int descriptor) implements IdentitySource {
        @Override
        public SecretBytes read(String vault) throws VaultException {
            return Descriptor.readInherited(descriptor, MAX_BYTES);
        }

        @Override
        public String describe() {
            return "descriptor " + descriptor;
        }
    }

    /** What {@code vault unlock} left in the kernel's keyring. */
    record InKeyring() implements IdentitySource {
        @Override
        public SecretBytes read(String vault) throws VaultException {
            try (Identity kept = Keyring.find(vault)
                    .orElseThrow(() -> new VaultException("locked: run 'credfs vault unlock', or name an identity"))) {
                byte[] text = kept.revealCopy();
                try {
                    return SecretBytes.copyOf(text);
                } finally {
                    Arrays.fill(text, (byte) 0);
                }
            }
        }

        @Override
        public String describe() {
            return "the kernel's keyring";
        }
    }

    /** The identity, after asking for its passphrase at the terminal if it has one. */
    default Identity identity(String vault) throws VaultException {
        try (SecretBytes text = read(vault)) {
            return identity(text);
        }
    }

    /** The identity that this source gave, after asking for its passphrase at the terminal if it has one. */
    default Identity identity(SecretBytes text) throws VaultException {
        if (!isEncrypted(text)) {
            return Identity.parse(text);
        }
        try (SecretBytes passphrase = passphrase();
                SecretBytes opened = decrypt(text, passphrase)) {
            return Identity.parse(opened);
        }
    }

    private SecretBytes passphrase() throws VaultException {
        try (ControllingTerminal person = ControllingTerminal.open()) {
            return person.askSecretly("passphrase of " + describe() + ": ");
        } catch (VaultException e) {
            throw new VaultException(describe() + " has a passphrase, and " + e.getMessage()
                    + ": 'credfs vault unlock' keeps it for a session, which then names no identity");
        }
    }

    private SecretBytes decrypt(SecretBytes text, SecretBytes passphrase) throws VaultException {
        byte[] file = text.revealCopy();
        try {
            return Age.open(file, passphrase);
        } catch (VaultException e) {
            throw new VaultException(describe() + ": " + e.getMessage());
        }
    }

    /** Whether it has a passphrase. */
    static boolean isEncrypted(SecretBytes text) {
        byte[] file = text.revealCopy();
        boolean encrypted = Age.isAge(file);
        Arrays.fill(file, (byte) 0);
        return encrypted;
    }

    /** A vault that cannot be used is like a master that cannot. */
    static CommandException failed(VaultException e) {
        return new CommandException(Failure.MASTER_UNAVAILABLE, String.valueOf(e.getMessage()));
    }
}
