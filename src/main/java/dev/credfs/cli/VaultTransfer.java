package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.policy.Failure;
import dev.credfs.vault.Age;
import dev.credfs.vault.ControllingTerminal;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Identity;
import dev.credfs.vault.Section;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import dev.credfs.vault.VaultExport;
import dev.credfs.vault.VaultWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that carry entries from one place to another. */
final class VaultTransfer {
    private VaultTransfer() {}

    @Command(
            name = "export",
            description = "Print entries as an age file for somebody else, credfs/vault-export/v1; never in the clear.")
    static final class Export implements Callable<Integer> {
        @Mixin
        private VaultAccess access = new VaultAccess();

        @Option(
                names = "--recipient",
                required = true,
                paramLabel = "age1…",
                description = "who will be able to read it; repeatable")
        private List<String> recipients = List.of();

        @Parameters(paramLabel = "KIND/NAME", arity = "1..*", description = "what to export")
        private List<String> references = List.of();

        private final Terminal terminal;

        Export(Terminal terminal) {
            this.terminal = terminal;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            List<VaultExport.Item> items = new ArrayList<>();
            Vault vault = access.open();
            try {
                for (String text : references) {
                    Reference wanted = Reference.parse(text);
                    items.add(new VaultExport.Item(wanted.section(), wanted.in(vault)));
                }
                try (SecretBytes plain = VaultExport.print(items)) {
                    terminal.out().print(Age.seal(plain, recipients));
                }
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            } catch (IllegalArgumentException e) {
                throw new CommandException(Failure.USAGE, "--recipient: " + e.getMessage());
            }
        }
    }

    @Command(
            name = "import",
            description = {
                "Take credentials over from a file that another program keeps them in, or entries from an export.",
                "Known by name: .env, .npmrc, .netrc, .aws/credentials, gh's hosts.yml, YAML and JSON,",
                "each also as .age or as sops encrypts it for an age recipient."
            })
    static final class Import implements Callable<Integer> {
        private static final int MAX_BYTES = 1024 * 1024;

        @Mixin
        private VaultAccess access = new VaultAccess();

        @Option(names = "--format", paramLabel = "FORMAT", description = "env, npmrc, netrc, aws, gh or yaml")
        private String format = "";

        @Option(
                names = "--file-identity",
                paramLabel = "FILE",
                description = "opens an age file or one of sops, where the vault's identity does not")
        private @Nullable Path fileIdentity;

        private @Nullable Identity opener;

        @Option(names = "--all", description = "take all that was found")
        private boolean all;

        @Option(names = "--shred", description = "afterwards overwrite and remove the file, without asking")
        private boolean shred;

        @Parameters(index = "0", paramLabel = "FILE", description = "- is stdin")
        private Path file = Path.of("");

        @Parameters(index = "1..*", arity = "0..*", paramLabel = "NAME", description = "which to take")
        private List<String> names = List.of();

        private final Terminal terminal;
        private final InstantSource clock;

        Import(Terminal terminal, InstantSource clock) {
            this.terminal = terminal;
            this.clock = clock;
        }

        @Override
        public Integer call() throws CommandException {
            ProcessMemory.forbidInspection();
            try {
                List<VaultExport.Item> found = found();
                for (VaultExport.Item item : found) {
                    terminal.out()
                            .println(reference(item)
                                    + (item.entry().note().isEmpty()
                                            ? ""
                                            : "  ("
                                                    + Terminal.printable(
                                                            item.entry().note()) + ")"));
                }
                if (found.isEmpty()) {
                    throw new CommandException(Failure.NO_SUCH_PATH, file + ": no credential in it");
                }
                List<VaultExport.Item> taken = taken(found);
                Vault written = access.change(clock, VaultWriter.Before.KEEP, vault -> with(vault, taken));
                verify(written, taken);
                terminal.say(
                        "imported " + taken.size() + " of " + found.size() + ", generation " + written.generation());
                shredOriginal(taken.size() == found.size() ? "" : ", of which not all was taken");
                return 0;
            } catch (VaultException e) {
                throw IdentitySource.failed(e);
            }
        }

        private static Reference reference(VaultExport.Item item) {
            return new Reference(item.section(), item.entry().name());
        }

        private boolean isStdin() {
            return file.toString().equals("-");
        }

        private List<VaultExport.Item> found() throws CommandException, VaultException {
            byte[] content = isStdin() ? terminal.readInput(Failure.USAGE, "the file") : read();
            byte[] plain = {};
            try (SecretBytes decrypted = decrypted(content)) {
                plain = decrypted.revealCopy();
                if (VaultExport.isExport(decrypted)) {
                    return VaultExport.parse(decrypted);
                }
                Imports kind = format.isEmpty() ? Imports.of(file) : Imports.named(format);
                List<VaultExport.Item> items = new ArrayList<>();
                for (Imports.Found each : kind.find(plain, this::opened)) {
                    items.add(new VaultExport.Item(
                            Section.CREDENTIALS,
                            Entry.of(each.name(), each.note(), each.value(), VaultCommand.now(clock))));
                }
                return items;
            } catch (VaultException e) {
                throw new VaultException(file + ": " + e.getMessage());
            } finally {
                Arrays.fill(content, (byte) 0);
                Arrays.fill(plain, (byte) 0);
                if (opener != null) {
                    opener.close();
                }
            }
        }

        private byte[] read() throws CommandException {
            try {
                if (Files.size(file) > MAX_BYTES) {
                    throw new CommandException(Failure.USAGE, file + ": larger than 1 MiB");
                }
                return Files.readAllBytes(file);
            } catch (NoSuchFileException e) {
                throw new CommandException(Failure.NO_SUCH_PATH, file + ": no such file");
            } catch (IOException e) {
                throw new CommandException(Failure.NO_SUCH_PATH, file + ": " + Problems.of(e));
            }
        }

        private SecretBytes decrypted(byte[] content) throws VaultException {
            if (!Age.isAge(content)) {
                return SecretBytes.copyOf(content);
            }
            if (Age.asksForPassphrase(content)) {
                try (ControllingTerminal person = ControllingTerminal.open();
                        SecretBytes passphrase = person.askSecretly("passphrase of " + file + ": ")) {
                    return Age.open(content, passphrase);
                }
            }
            return opened(content);
        }

        /** What an age file holds for the identity, which is asked for once. */
        private SecretBytes opened(byte[] ageFile) throws VaultException {
            Identity known = opener;
            if (known == null) {
                known = fileIdentity == null
                        ? access.identity(access.sealed())
                        : new IdentitySource.InFile(fileIdentity).identity("");
                opener = known;
            }
            try {
                return Age.open(ageFile, known);
            } catch (VaultException e) {
                throw new VaultException(
                        e.getMessage() + (fileIdentity == null ? ": name one that opens it with --file-identity" : ""));
            }
        }

        private List<VaultExport.Item> taken(List<VaultExport.Item> found) throws CommandException {
            if (names.isEmpty()) {
                if (!all && !VaultChange.agreed("take all " + found.size() + "? [y/N] ")) {
                    throw new CommandException(Failure.USAGE, "nothing was taken: name what to take, or say --all");
                }
                return found;
            }
            List<VaultExport.Item> taken = new ArrayList<>();
            for (String name : names) {
                taken.add(found.stream()
                        .filter(item -> item.entry().name().equals(name)
                                || reference(item).toString().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new CommandException(Failure.NO_SUCH_PATH, "no '" + name + "' in " + file)));
            }
            return taken;
        }

        private static Vault with(Vault vault, List<VaultExport.Item> taken) throws VaultException, CommandException {
            Vault changed = vault;
            for (VaultExport.Item item : taken) {
                VaultChange.requireNew(changed, reference(item));
                changed = changed.with(item.section(), item.entry());
            }
            return changed;
        }

        /** What was read back from the disk must be what was found, before anybody may destroy the original. */
        private static void verify(Vault written, List<VaultExport.Item> taken) throws VaultException {
            for (VaultExport.Item item : taken) {
                Optional<Entry> entry =
                        written.find(item.section(), item.entry().name());
                if (entry.isEmpty() || !entry.get().equals(item.entry())) {
                    throw new VaultException(reference(item) + " was not written as it was read: keep the original");
                }
            }
        }

        private void shredOriginal(String left) throws CommandException {
            if (isStdin()) {
                return;
            }
            if (!shred && !VaultChange.agreed("overwrite and remove " + file + left + "? [y/N] ")) {
                terminal.say(file + " still holds what was imported: remove it, or run 'shred -u'");
                return;
            }
            try (FileChannel channel =
                    FileChannel.open(file, Set.of(StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
                byte[] noise = new byte[(int) Math.min(channel.size(), MAX_BYTES)];
                new SecureRandom().nextBytes(noise);
                ByteBuffer bytes = ByteBuffer.wrap(noise);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
                Files.delete(file);
            } catch (IOException e) {
                throw new CommandException(Failure.BUG, "cannot shred " + file + ": " + Problems.of(e));
            }
            terminal.say("overwrote and removed " + file + ": a journal, a snapshot or a flash disk may still have it");
        }
    }
}
