package dev.credfs.cli;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Failure;
import dev.credfs.vault.ControllingTerminal;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Recipient;
import dev.credfs.vault.Role;
import dev.credfs.vault.Section;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import dev.credfs.vault.VaultWriter;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that change a vault. */
final class VaultChange {
    static final String REFERENCE = "master/…, root-key/… or credential/…";

    private VaultChange() {}

    /**
     * The id that macaroons of a root key's version carry: the name for the first, {@code name/2} for the second. A name has no
     * slash, so no two keys share one.
     */
    static KeyId keyId(String name, int version) {
        return new KeyId(version == 1 ? name : name + "/" + version);
    }

    private static SecretBytes generateRootKey() {
        try (RootKey key = RootKey.generate(new SecureRandom())) {
            byte[] file = key.revealKeyFile();
            try (SecretBytes text = SecretBytes.copyOf(file)) {
                return SecretValue.checked(Section.ROOT_KEYS, text);
            } catch (CommandException e) {
                throw new IllegalStateException("a root key is one", e);
            } finally {
                Arrays.fill(file, (byte) 0);
            }
        }
    }

    /** A master of the newest version of a root key of the vault. */
    private static SecretBytes issue(Vault vault, String rootKey, List<Caveat> caveats)
            throws CommandException, VaultException {
        Entry.Live newest = new Reference(Section.ROOT_KEYS, rootKey)
                .in(vault)
                .newest()
                .orElseThrow(() -> new CommandException(
                        Failure.MASTER_UNAVAILABLE, "every version of root-key/" + rootKey + " is retired"));
        try (RootKey key = Reference.rootKey(newest)) {
            byte[] master = key.issue(keyId(rootKey, newest.number()), caveats).revealMasterFile();
            try (SecretBytes text = SecretBytes.copyOf(master)) {
                return SecretValue.checked(Section.MASTERS, text);
            } finally {
                Arrays.fill(master, (byte) 0);
            }
        }
    }

    private static MasterMacaroon master(Entry.Live version) throws CommandException {
        try {
            return Reference.master(version);
        } catch (MalformedMacaroonException e) {
            throw new CommandException(Failure.MASTER_UNAVAILABLE, "the master is malformed: " + e.getMessage());
        }
    }

    private static int said(Terminal terminal, Reference changed, Vault vault, String what) throws CommandException {
        try {
            Optional<Entry.Live> newest = changed.in(vault).newest();
            terminal.say(what + " " + changed
                    + newest.map(live -> " version " + live.number() + " " + live.fingerprint())
                            .orElse("")
                    + ", generation " + vault.generation());
            return 0;
        } catch (VaultException e) {
            throw IdentitySource.failed(e);
        }
    }

    static void requireNew(Vault vault, Reference wanted) throws VaultException, CommandException {
        if (vault.find(wanted.section(), wanted.name()).isPresent()) {
            throw new CommandException(Failure.USAGE, wanted + " is there already: 'vault rotate' replaces it");
        }
    }

    @Command(
            name = "add",
            description = "Put a new entry in; its value comes from stdin, or is typed without being shown.")
    static final class Add implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Mixin
        private SecretValue value = new SecretValue();

        @Parameters(paramLabel = "KIND/NAME", description = REFERENCE)
        private String reference = "";

        @Option(names = "--note", paramLabel = "TEXT", description = "what to remember about it; not secret")
        private String note = "";

        @Option(names = "--generate", description = "a root key: make a fresh one")
        private boolean generate;

        @Option(
                names = "--issue",
                paramLabel = "NAME",
                description = "a master: issue it from this root key of the vault")
        private String rootKey = "";

        @Option(names = "--caveat", paramLabel = "'k op v'", description = "a caveat of the issued master; repeatable")
        private List<String> caveats = List.of();

        private final Terminal terminal;
        private final InstantSource clock;

        Add(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Reference wanted = Reference.parse(reference);
            List<Caveat> parsed = Inputs.caveats(caveats);
            if (generate && wanted.section() != Section.ROOT_KEYS) {
                throw new CommandException(Failure.USAGE, "--generate: only a root key is made here");
            }
            if (rootKey.isEmpty() ? !caveats.isEmpty() : wanted.section() != Section.MASTERS) {
                throw new CommandException(Failure.USAGE, "--issue and --caveat go together, with a master");
            }
            Vault written = access.change(clock, VaultWriter.Before.KEEP, vault -> {
                // Before anybody is asked for a value.
                requireNew(vault, wanted);
                return vault.with(
                        wanted.section(),
                        Entry.of(wanted.name(), note, value(vault, wanted, parsed), VaultCommand.now(clock)));
            });
            return said(terminal, wanted, written, "added");
        }

        private SecretBytes value(Vault vault, Reference wanted, List<Caveat> parsed)
                throws CommandException, VaultException {
            if (generate) {
                return generateRootKey();
            }
            return rootKey.isEmpty()
                    ? value.read(terminal, wanted.section(), "value of " + wanted)
                    : issue(vault, rootKey, parsed);
        }
    }

    /** No editor, no temporary file: an editor leaves copies where it crashes, and an agent may read its buffer. */
    @Command(name = "edit", description = "Change the fields of an entry, one by one, at the prompt.")
    static final class Edit implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Parameters(paramLabel = "KIND/NAME", description = REFERENCE)
        private String reference = "";

        private final Terminal terminal;
        private final InstantSource clock;

        Edit(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Reference wanted = Reference.parse(reference);
            Vault written = access.change(clock, VaultWriter.Before.KEEP, vault -> {
                Entry entry = wanted.in(vault);
                try (ControllingTerminal person = ControllingTerminal.open()) {
                    String note = person.ask(
                            "note [" + Terminal.printable(entry.note()) + "] (empty keeps it, a blank removes it): ");
                    if (!note.isEmpty()) {
                        entry = entry.withNote(note.strip());
                    }
                    if (wanted.section() != Section.ROOT_KEYS) {
                        try (SecretBytes typed = person.askSecretly("new value (not shown; empty keeps it): ")) {
                            if (typed.lengthBytes() > 0) {
                                entry = entry.instead(
                                        SecretValue.checked(wanted.section(), typed), VaultCommand.now(clock));
                            }
                        }
                    }
                }
                return vault.with(wanted.section(), entry);
            });
            return said(terminal, wanted, written, "changed");
        }
    }

    @Command(
            name = "rotate",
            description = {
                "Give an entry a new value.",
                "A root key gets a version beside those that are good; a master is issued anew from the newest version",
                "of its root key, if that is in the vault; a credential comes from stdin, or is typed without being shown."
            })
    static final class Rotate implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Mixin
        private SecretValue value = new SecretValue();

        @Parameters(paramLabel = "KIND/NAME", description = REFERENCE)
        private String reference = "";

        @Option(
                names = "--retire",
                paramLabel = "VERSION",
                description = "end this version of a root key instead, and the vault's masters that stand on it")
        private @Nullable Integer retire;

        private final Terminal terminal;
        private final InstantSource clock;

        Rotate(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Reference wanted = Reference.parse(reference);
            Integer version = retire;
            if (version != null) {
                if (wanted.section() != Section.ROOT_KEYS) {
                    throw new CommandException(
                            Failure.USAGE, "--retire: only a root key has more than one good version");
                }
                return said(
                        terminal,
                        wanted,
                        access.change(clock, VaultWriter.Before.KEEP, vault -> retired(vault, wanted, version)),
                        "retired version " + version + " of");
            }
            Vault written = access.change(clock, VaultWriter.Before.KEEP, vault -> {
                Entry entry = wanted.in(vault);
                return vault.with(wanted.section(), rotated(vault, wanted, entry));
            });
            return said(terminal, wanted, written, "rotated");
        }

        private Entry rotated(Vault vault, Reference wanted, Entry entry) throws CommandException, VaultException {
            Instant now = VaultCommand.now(clock);
            if (wanted.section() == Section.ROOT_KEYS) {
                return entry.beside(generateRootKey(), now);
            }
            Optional<Entry.Live> newest = entry.newest();
            if (wanted.section() == Section.MASTERS && newest.isPresent()) {
                MasterMacaroon old = master(newest.get());
                String name = old.id().text().replaceFirst("/[0-9]+$", "");
                if (vault.find(Section.ROOT_KEYS, name).isPresent()) {
                    return entry.instead(
                            issue(vault, name, prolonged(old, newest.get().since(), now)), now);
                }
            }
            return entry.instead(value.read(terminal, wanted.section(), "new value of " + wanted), now);
        }

        /** The same caveats, for as long as they held when the old one was put in. */
        private static List<Caveat> prolonged(MasterMacaroon old, Instant since, Instant now) {
            List<Caveat> caveats = new ArrayList<>();
            for (Caveat caveat : old.caveats()) {
                caveats.add(
                        caveat instanceof Expiry expiry && expiry.end().isAfter(since)
                                ? new Expiry(now.plus(Duration.between(since, expiry.end())))
                                : caveat);
            }
            return caveats;
        }

        private Vault retired(Vault vault, Reference wanted, int version) throws CommandException, VaultException {
            Instant now = VaultCommand.now(clock);
            Vault changed = vault.with(wanted.section(), wanted.in(vault).retire(version, now));
            KeyId dead = keyId(wanted.name(), version);
            for (Entry entry : vault.entries(Section.MASTERS)) {
                for (Entry.Live live : entry.live()) {
                    if (master(live).id().equals(dead)) {
                        changed = changed.with(Section.MASTERS, entry.retire(live.number(), now));
                        terminal.say("master/" + entry.name() + " stood on it and is retired too");
                    }
                }
            }
            return changed;
        }
    }

    @Command(name = "rm", description = "Remove an entry; the kept generations of the file still have it.")
    static final class Remove implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Parameters(paramLabel = "KIND/NAME", description = REFERENCE)
        private String reference = "";

        @Option(names = "--yes", description = "do not ask")
        private boolean yes;

        private final Terminal terminal;
        private final InstantSource clock;

        Remove(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Reference wanted = Reference.parse(reference);
            Vault written = access.change(clock, VaultWriter.Before.KEEP, vault -> {
                wanted.in(vault);
                if (!yes && !VaultChange.agreed("remove " + wanted + "? [y/N] ")) {
                    throw new CommandException(Failure.USAGE, "nothing was removed");
                }
                return vault.without(wanted.section(), wanted.name());
            });
            terminal.say("removed " + wanted + ", generation " + written.generation());
            return 0;
        }
    }

    /** Asks at the terminal; nobody there is a no. */
    static boolean agreed(String question) {
        try (ControllingTerminal person = ControllingTerminal.open()) {
            return person.ask(question).strip().equals("y");
        } catch (VaultException e) {
            return false;
        }
    }

    @Command(
            name = "rekey",
            description = {
                "Encrypt the vault anew, to more or fewer recipients.",
                "Removing somebody removes the kept generations; removing an operator changes the seal as well."
            })
    static final class Rekey implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Option(names = "--add", paramLabel = "ROLE=age1…", description = "one more recipient; repeatable")
        private List<String> added = List.of();

        @Option(names = "--remove", paramLabel = "age1…", description = "one recipient less; repeatable")
        private List<String> removed = List.of();

        private final Terminal terminal;
        private final InstantSource clock;

        Rekey(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            List<Recipient> more = new ArrayList<>();
            for (String text : added) {
                more.add(VaultCommand.recipient(text));
            }
            VaultWriter.Before before = removed.isEmpty() ? VaultWriter.Before.KEEP : VaultWriter.Before.REMOVE;
            Vault written = access.change(clock, before, vault -> {
                List<Recipient> recipients = new ArrayList<>(vault.recipients());
                boolean operatorLeft = false;
                for (String key : removed) {
                    Recipient gone = recipients.stream()
                            .filter(recipient -> recipient.publicKey().equals(key))
                            .findFirst()
                            .orElseThrow(() -> new CommandException(Failure.NO_SUCH_PATH, "no recipient " + key));
                    recipients.remove(gone);
                    operatorLeft |= gone.role() == Role.OPERATOR;
                }
                recipients.addAll(more);
                Vault changed = vault.withRecipients(recipients);
                return operatorLeft ? changed.withNewSeal() : changed;
            });
            terminal.say("rekeyed for " + written.recipients().size() + " recipients");
            try {
                // Who still has the old seal in an identity file refuses the vault, as he must.
                terminal.out().println("# credfs seal: " + access.sealed().seal());
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }
    }
}
