package dev.credfs.cli;

import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Failure;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Section;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** An entry of a vault by its kind and name: {@code master/github}. */
record Reference(Section section, String name) {
    static Reference parse(String text) throws CommandException {
        int slash = text.indexOf('/');
        List<String> kinds = new ArrayList<>();
        for (Section section : Section.values()) {
            if (!section.kind().isEmpty()) {
                kinds.add(section.kind());
                if (slash > 0 && text.substring(0, slash).equals(section.kind())) {
                    return new Reference(section, name(text.substring(slash + 1)));
                }
            }
        }
        throw new CommandException(
                Failure.USAGE,
                "'" + text + "' names no entry: write KIND/NAME with one of " + String.join(", ", kinds));
    }

    /** Refuses what can name nothing, before anybody is asked for a value. */
    private static String name(String text) throws CommandException {
        try {
            return Entry.requireName(text);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Failure.USAGE, String.valueOf(e.getMessage()));
        }
    }

    Entry in(Vault vault) throws VaultException, CommandException {
        return vault.find(section, name)
                .orElseThrow(() -> new CommandException(Failure.NO_SUCH_PATH, "no " + this + " in the vault"));
    }

    /** The master that a version of a {@code master/…} is. */
    static MasterMacaroon master(Entry.Live version) throws MalformedMacaroonException {
        byte[] value = version.value().revealCopy();
        try {
            return MasterMacaroon.parse(value);
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    /** The key that a version of a {@code root-key/…} is. */
    static RootKey rootKey(Entry.Live version) {
        byte[] value = version.value().revealCopy();
        try {
            return RootKey.parse(value);
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    @Override
    public String toString() {
        return section.kind() + "/" + name;
    }
}
