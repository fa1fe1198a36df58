package dev.credfs.cli;

import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.mint.Master;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Section;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The masters of a vault, or the one reason why none of them can be had. */
final class VaultMasters {
    private final @Nullable Vault vault;
    private final String locked;

    private VaultMasters(@Nullable Vault vault, String locked) {
        this.vault = vault;
        this.locked = locked;
    }

    /** The vault of a configuration; it is opened only if one of its masters is in it. */
    static VaultMasters open(Configuration configuration, Identities identities) {
        if (configuration.masters().values().stream().noneMatch(Configuration.MasterSource.InVault.class::isInstance)) {
            return new VaultMasters(null, "no master is in the vault");
        }
        try {
            return new VaultMasters(configuration.vault().open(identities), "");
        } catch (VaultException e) {
            return new VaultMasters(null, String.valueOf(e.getMessage()));
        }
    }

    /** Of the vault, or 0 where none is open. */
    long generation() {
        return vault == null ? 0 : vault.generation();
    }

    Master master(String name, String entry) {
        if (vault == null) {
            return unavailable(name, locked);
        }
        try {
            Optional<Entry> found = vault.find(Section.MASTERS, entry);
            if (found.isEmpty()) {
                return unavailable(name, "there is no master/" + entry + " in the vault: 'credfs vault add' makes one");
            }
            Optional<Entry.Live> newest = found.get().newest();
            return newest.isEmpty()
                    ? unavailable(
                            name, "revoked: every version of master/" + entry + " is retired" + lastEnd(found.get()))
                    : read(name, entry, newest.get());
        } catch (VaultException e) {
            return unavailable(name, String.valueOf(e.getMessage()));
        }
    }

    private static Master read(String name, String entry, Entry.Live version) {
        try {
            return new Master.Available(Reference.master(version));
        } catch (MalformedMacaroonException e) {
            return unavailable(name, "master/" + entry + " of the vault: " + e.getMessage());
        }
    }

    private static String lastEnd(Entry entry) {
        List<Entry.Version> versions = entry.versions();
        return !versions.isEmpty() && versions.get(versions.size() - 1) instanceof Entry.Retired retired
                ? " since " + retired.until()
                : "";
    }

    private static Master unavailable(String name, String why) {
        return new Master.Unavailable("master '" + name + "': " + why);
    }
}
