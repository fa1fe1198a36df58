package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.policy.Failure;
import dev.credfs.vault.Age;
import dev.credfs.vault.ControllingTerminal;
import dev.credfs.vault.Descriptor;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Identity;
import dev.credfs.vault.Keyring;
import dev.credfs.vault.Recipient;
import dev.credfs.vault.Role;
import dev.credfs.vault.SealedVault;
import dev.credfs.vault.Section;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import dev.credfs.vault.VaultWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.core.JsonGenerator;

/** {@code credfs vault}: masters, root keys and credentials in one encrypted file. */
@Command(name = "vault", description = "Keep masters, root keys and credentials in one encrypted file.")
final class VaultCommand implements Runnable {
    @Spec
    private CommandLine.Model.CommandSpec spec = CommandLine.Model.CommandSpec.create();

    private VaultCommand() {}

    static CommandLine on(Terminal terminal, InstantSource clock) {
        CommandLine commands = new CommandLine(new VaultCommand());
        commands.addSubcommand("init", new Init(terminal, clock));
        commands.addSubcommand("add", new VaultChange.Add(terminal, clock));
        commands.addSubcommand("list", new ListEntries(terminal));
        commands.addSubcommand("show", new Show(terminal));
        commands.addSubcommand("edit", new VaultChange.Edit(terminal, clock));
        commands.addSubcommand("rotate", new VaultChange.Rotate(terminal, clock));
        commands.addSubcommand("rm", new VaultChange.Remove(terminal, clock));
        commands.addSubcommand("rekey", new VaultChange.Rekey(terminal, clock));
        commands.addSubcommand("export", new VaultTransfer.Export(terminal));
        commands.addSubcommand("import", new VaultTransfer.Import(terminal, clock));
        commands.addSubcommand("unlock", new Unlock(terminal));
        commands.addSubcommand("lock", new Lock(terminal));
        return commands;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command");
    }

    /** {@code ROLE=age1…} as a recipient. */
    static Recipient recipient(String text) throws CommandException {
        for (Role role : Role.values()) {
            String start = role.word() + "=";
            if (text.startsWith(start)) {
                try {
                    return new Recipient(role, text.substring(start.length()));
                } catch (IllegalArgumentException e) {
                    throw new CommandException(Failure.USAGE, String.valueOf(e.getMessage()));
                }
            }
        }
        throw new CommandException(Failure.USAGE, "a recipient is operator=age1…, mount=age1… or gateway=age1…");
    }

    @Command(name = "init", description = "Make an empty vault and an identity for each role in DIR.")
    private static final class Init implements Callable<Integer> {
        @Parameters(paramLabel = "DIR", description = "made with mode 0700 if it is not there")
        private Path directory = Path.of("");

        @Option(
                names = "--passphrase",
                description = "ask for a passphrase, and encrypt the operator's identity with it")
        private boolean passphrase;

        @Option(
                names = "--recipient",
                paramLabel = "ROLE=age1…",
                description = "a further recipient: a team, a backup key; repeatable")
        private List<String> others = List.of();

        private final Terminal terminal;
        private final InstantSource clock;

        Init(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Path home = directory.toAbsolutePath().normalize();
            Path file = home.resolve("credfs.vault");
            makeDirectory(home);
            try (VaultWriter writer = VaultWriter.lock(file)) {
                if (Files.exists(file)) {
                    throw new CommandException(Failure.USAGE, file + " exists already: choose another directory");
                }
                Vault vault = Vault.empty(new SecureRandom());
                List<Recipient> recipients = new ArrayList<>();
                for (Role role : Role.values()) {
                    Identity.Generated generated = vault.generateIdentity();
                    try (Identity identity = generated.identity()) {
                        write(home.resolve(role.word() + ".identity"), identity, role);
                    }
                    recipients.add(new Recipient(role, generated.publicKey()));
                }
                for (String other : others) {
                    recipients.add(recipient(other));
                }
                SealedVault sealed =
                        writer.write(vault.withRecipients(recipients), now(clock), VaultWriter.Before.KEEP);
                terminal.out().println(file);
                terminal.say("generation " + sealed.generation() + ", seal " + sealed.seal()
                        + "; operator.identity writes it: keep that away from this host");
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }

        private void write(Path file, Identity identity, Role role) throws CommandException, VaultException {
            byte[] text = identity.revealCopy();
            try {
                if (role == Role.OPERATOR && passphrase) {
                    try (SecretBytes plain = SecretBytes.copyOf(text);
                            SecretBytes chosen = choosePassphrase()) {
                        SecretFile.create(file, Age.seal(plain, chosen).getBytes(StandardCharsets.US_ASCII));
                    }
                } else {
                    SecretFile.create(file, text);
                }
            } finally {
                Arrays.fill(text, (byte) 0);
            }
        }

        private static SecretBytes choosePassphrase() throws VaultException, CommandException {
            try (ControllingTerminal person = ControllingTerminal.open()) {
                SecretBytes first = person.askSecretly("new passphrase (not shown): ");
                try (SecretBytes second = person.askSecretly("once more: ")) {
                    if (first.lengthBytes() == 0 || !first.equals(second)) {
                        first.close();
                        throw new CommandException(Failure.USAGE, "the two passphrases differ, or are empty");
                    }
                }
                return first;
            }
        }

        private static void makeDirectory(Path home) throws CommandException {
            try {
                if (!Files.isDirectory(home)) {
                    Files.createDirectory(
                            home, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                }
            } catch (IOException e) {
                throw new CommandException(Failure.USAGE, "cannot make " + home + ": " + Problems.of(e));
            }
        }
    }

    /** Whole seconds: what the file says, and what people read. */
    static Instant now(InstantSource clock) {
        return clock.instant().truncatedTo(ChronoUnit.SECONDS);
    }

    @Command(name = "list", description = "Print what is in the vault, as far as the identity opens it: no values.")
    private static final class ListEntries implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Option(names = "--json", description = "print credfs/vault-list/v1")
        private boolean json;

        private final Terminal terminal;

        ListEntries(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Vault vault = access.open();
            try {
                if (json) {
                    List<Described> described = describe(vault);
                    Json.print(terminal, "vault-list", document -> {
                        document.writeStringProperty("vault", vault.id());
                        document.writeNumberProperty("generation", vault.generation());
                        document.writeArrayPropertyStart("recipients");
                        vault.recipients().forEach(recipient -> document.writeString(recipient.toString()));
                        document.writeEndArray();
                        document.writeArrayPropertyStart("entries");
                        described.forEach(entry -> entry.write(document));
                        document.writeEndArray();
                    });
                    return 0;
                }
                for (Described entry : describe(vault)) {
                    terminal.out().println(Terminal.printable(entry.line()));
                }
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }

        private static List<Described> describe(Vault vault) throws VaultException {
            List<Described> all = new ArrayList<>();
            for (Section section : Section.values()) {
                if (section != Section.SEAL && vault.opens(section)) {
                    for (Entry entry : vault.entries(section)) {
                        all.add(new Described(section, entry));
                    }
                }
            }
            return all;
        }
    }

    /** An entry as people may see it. */
    private record Described(Section section, Entry entry) {
        String line() {
            StringBuilder line = new StringBuilder(section.kind() + "/" + entry.name());
            List<Entry.Live> live = entry.live();
            if (live.isEmpty()) {
                line.append("  retired");
            }
            for (Entry.Live version : live) {
                line.append("  ").append(text(version));
            }
            return entry.note().isEmpty() ? line.toString() : line + "  (" + entry.note() + ")";
        }

        private String text(Entry.Version version) {
            String text = "version " + version.number() + " " + version.fingerprint() + " since " + version.since();
            if (version instanceof Entry.Retired retired) {
                return text + " retired " + retired.until();
            }
            MasterMacaroon master = master(version);
            return master == null || master.expiry().equals(Instant.MAX) ? text : text + " expires " + master.expiry();
        }

        private @Nullable MasterMacaroon master(Entry.Version version) {
            if (section != Section.MASTERS || !(version instanceof Entry.Live live)) {
                return null;
            }
            try {
                return Reference.master(live);
            } catch (MalformedMacaroonException e) {
                return null;
            }
        }

        void write(JsonGenerator document) {
            document.writeStartObject();
            document.writeStringProperty("kind", section.kind());
            document.writeStringProperty("name", entry.name());
            document.writeStringProperty("note", entry.note());
            document.writeArrayPropertyStart("versions");
            for (Entry.Version version : entry.versions()) {
                document.writeStartObject();
                document.writeNumberProperty("number", version.number());
                document.writeStringProperty(
                        "fingerprint", version.fingerprint().hex());
                document.writeStringProperty("since", version.since().toString());
                if (version instanceof Entry.Retired retired) {
                    document.writeStringProperty("retired", retired.until().toString());
                }
                MasterMacaroon master = master(version);
                if (master != null) {
                    document.writeStringProperty("key_id", master.id().text());
                    document.writeArrayPropertyStart("caveats");
                    for (Caveat caveat : master.caveats()) {
                        document.writeString(caveat.predicate());
                    }
                    document.writeEndArray();
                }
                document.writeEndObject();
            }
            document.writeEndArray();
            document.writeEndObject();
        }
    }

    @Command(name = "show", description = "Print what is known of one entry; its value only with --reveal.")
    private static final class Show implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Parameters(paramLabel = "KIND/NAME", description = VaultChange.REFERENCE)
        private String reference = "";

        @Option(names = "--reveal", description = "print the newest value, and nothing else")
        private boolean reveal;

        @Option(names = "--json", description = "print credfs/vault-show/v1")
        private boolean json;

        private final Terminal terminal;

        Show(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Reference wanted = Reference.parse(reference);
            try {
                if (reveal) {
                    // Before anything is opened.
                    Descriptor.requirePrivateStdout();
                }
                Described described = new Described(wanted.section(), wanted.in(access.open()));
                if (reveal) {
                    reveal(described.entry());
                } else if (json) {
                    Json.print(terminal, "vault-show", document -> {
                        document.writeName("entry");
                        described.write(document);
                    });
                } else {
                    print(described);
                }
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }

        private void print(Described described) {
            terminal.out()
                    .println("entry        " + described.section().kind() + "/"
                            + described.entry().name());
            if (!described.entry().note().isEmpty()) {
                terminal.out()
                        .println("note         "
                                + Terminal.printable(described.entry().note()));
            }
            for (Entry.Version version : described.entry().versions()) {
                terminal.out().println(described.text(version));
                MasterMacaroon master = described.master(version);
                if (master != null) {
                    terminal.out()
                            .println("key id       "
                                    + Terminal.printable(master.id().text()));
                    for (Caveat caveat : master.caveats()) {
                        terminal.out().println("caveat       " + Terminal.printable(caveat.predicate()));
                    }
                }
            }
        }

        private void reveal(Entry entry) throws CommandException {
            Entry.Live newest = entry.newest()
                    .orElseThrow(() -> new CommandException(
                            Failure.MASTER_UNAVAILABLE, "every version of " + reference + " is retired"));
            byte[] value = newest.value().revealCopy();
            terminal.out().writeBytes(value);
            terminal.out().write('\n');
            Arrays.fill(value, (byte) 0);
        }
    }

    @Command(
            name = "unlock",
            description = "Keep the identity in the kernel's keyring, for all processes of this session.")
    private static final class Unlock implements Callable<Integer> {
        private static final Duration LONGEST = Duration.ofDays(365);

        @Mixin
        private VaultAccess access = new VaultAccess();

        @Option(
                names = "--for",
                paramLabel = "DURATION",
                description = "90s, 5m, 8h or 1d; else until 'vault lock' or the end of the session")
        private String lifetime = "";

        private final Terminal terminal;

        Unlock(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            Duration kept = lifetime.isEmpty() ? Duration.ZERO : duration(lifetime);
            try {
                SealedVault sealed = access.sealed();
                try (Identity identity = access.unlocked(sealed)) {
                    sealed.open(identity);
                    Keyring.keep(sealed.id(), identity, kept);
                }
                terminal.say("unlocked " + access.file() + (lifetime.isEmpty() ? "" : " for " + lifetime));
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }

        private static Duration duration(String text) throws CommandException {
            try {
                Duration parsed = Duration.parse((text.endsWith("d") ? "P" : "PT") + text.toUpperCase(Locale.ROOT));
                if (parsed.compareTo(Duration.ofSeconds(1)) >= 0 && parsed.compareTo(LONGEST) <= 0) {
                    return parsed;
                }
            } catch (DateTimeException e) {
                // Said below.
            }
            throw new CommandException(Failure.USAGE, "--for: expected 90s, 5m, 8h or 1d, not '" + text + "'");
        }
    }

    @Command(name = "lock", description = "Forget the identity that 'unlock' kept.")
    private static final class Lock implements Callable<Integer> {
        @Option(names = "--vault", required = true, paramLabel = "FILE", description = "the vault")
        private Path file = Path.of("");

        private final Terminal terminal;

        Lock(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            try {
                boolean forgot = Keyring.forget(SealedVault.read(file).id());
                terminal.say(forgot ? "locked " + file : file + " was not unlocked");
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }
    }
}
