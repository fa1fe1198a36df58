package dev.credfs.cli;

import dev.credfs.policy.Failure;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Section;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import java.util.ArrayList;
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
                    return new Reference(section, text.substring(slash + 1));
                }
            }
        }
        throw new CommandException(
                Failure.USAGE,
                "'" + text + "' names no entry: write KIND/NAME with one of " + String.join(", ", kinds));
    }

    Entry in(Vault vault) throws VaultException, CommandException {
        return vault.find(section, name)
                .orElseThrow(() -> new CommandException(Failure.NO_SUCH_PATH, "no " + this + " in the vault"));
    }

    @Override
    public String toString() {
        return section.kind() + "/" + name;
    }
}
