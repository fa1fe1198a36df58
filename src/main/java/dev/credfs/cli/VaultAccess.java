package dev.credfs.cli;

import dev.credfs.policy.Failure;
import dev.credfs.vault.Identity;
import dev.credfs.vault.SealedVault;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import dev.credfs.vault.VaultWriter;
import java.nio.file.Path;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that every command on a vault has, and what they lead to. */
final class VaultAccess {
    @Option(names = "--vault", required = true, paramLabel = "FILE", description = "the vault")
    private Path file = Path.of("");

    @ArgGroup
    private @Nullable Chosen chosen;

    /** At most one; none is the kernel's keyring. */
    private static final class Chosen {
        @Option(
                names = "--identity",
                paramLabel = "FILE",
                description = "opens the vault: an identity file of mode 0600; else what 'vault unlock' kept")
        private @Nullable Path identity;

        @Option(names = "--identity-fd", paramLabel = "N", description = "the identity from an inherited descriptor")
        private @Nullable Integer descriptor;

        @Option(
                names = "--identity-credential",
                paramLabel = "NAME",
                description = "the identity from $CREDENTIALS_DIRECTORY of systemd")
        private @Nullable String credential;
    }

    Path file() {
        return file;
    }

    SealedVault sealed() throws VaultException {
        return SealedVault.read(file);
    }

    private IdentitySource source() {
        if (chosen != null && chosen.identity != null) {
            return new IdentitySource.InFile(chosen.identity);
        }
        if (chosen != null && chosen.descriptor != null) {
            return new IdentitySource.Inherited(chosen.descriptor);
        }
        if (chosen != null && chosen.credential != null) {
            return new IdentitySource.Systemd(chosen.credential);
        }
        return new IdentitySource.InKeyring();
    }

    /** The identity that was chosen; asks for its passphrase where it has one. */
    Identity identity(SealedVault sealed) throws VaultException {
        return source().identity(sealed.id());
    }

    Identity unlocked(SealedVault sealed) throws VaultException {
        try {
            return identity(sealed);
        } catch (VaultException e) {
            throw new VaultException("vault " + file + ": " + e.getMessage());
        }
    }

    /** The vault, as far as the identity opens it. */
    Vault open() throws CommandException {
        try {
            SealedVault sealed = sealed();
            try (Identity identity = unlocked(sealed)) {
                return open(sealed, identity);
            }
        } catch (VaultException e) {
            throw IdentitySource.failed(e);
        }
    }

    private Vault open(SealedVault sealed, Identity identity) throws VaultException {
        try {
            return sealed.open(identity);
        } catch (VaultException e) {
            throw new VaultException("vault " + file + ": " + e.getMessage());
        }
    }

    /** One change of an opened vault. */
    interface Change {
        Vault of(Vault vault) throws VaultException, CommandException;
    }

    /**
     * Reads, changes, writes and reads again, and nobody else writes meanwhile.
     *
     * @return what is on the disk now, opened
     */
    Vault change(InstantSource clock, VaultWriter.Before before, Change change) throws CommandException {
        try (VaultWriter writer = VaultWriter.lock(file)) {
            SealedVault sealed = sealed();
            try (Identity identity = unlocked(sealed)) {
                Vault changed = change.of(open(sealed, identity));
                SealedVault written = writer.write(changed, clock.instant(), before);
                // With a new seal the identity refuses the vault, and whoever rekeys is told.
                return written.seal().equals(sealed.seal()) ? open(written, identity) : changed;
            }
        } catch (VaultException e) {
            throw IdentitySource.failed(e);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, String.valueOf(e.getMessage()));
        }
    }
}
