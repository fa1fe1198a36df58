package dev.credfs.cli;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.vault.Identity;
import dev.credfs.vault.SealedVault;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import java.util.HashMap;
import java.util.Map;

/**
 * The identities of a daemon. One that can be had only once, from a descriptor or with a passphrase that somebody typed, is kept
 * for its reloads; any other is read anew, and may have been replaced.
 */
final class Identities {
    private final Map<IdentitySource, Identity> kept = new HashMap<>();

    /** The vault, as far as the identity of this source opens it. */
    synchronized Vault open(SealedVault sealed, IdentitySource source) throws VaultException {
        Identity known = kept.get(source);
        if (known != null) {
            return sealed.open(known);
        }
        try (SecretBytes text = source.read(sealed.id())) {
            Identity identity = source.identity(text);
            if (source instanceof IdentitySource.Inherited || IdentitySource.isEncrypted(text)) {
                kept.put(source, identity);
                return sealed.open(identity);
            }
            try (identity) {
                return sealed.open(identity);
            }
        }
    }
}
