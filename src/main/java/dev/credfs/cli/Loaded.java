package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.crypto.Fingerprint;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.gateway.GatewayConfig;
import dev.credfs.gateway.RevocationList;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Master;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A configuration with its masters read.
 *
 * @param masters by name; one that could not be read says why
 * @param tree what the mount holds: files of a bad master are there and refuse
 * @param trust what makes the public files of the tree, which are not there before it was told to
 * @param vaultGeneration of the vault that masters came from; 0 where none did
 * @param text fingerprint of the file, as it was read
 */
record Loaded(
        Configuration configuration,
        SortedMap<String, Master> masters,
        Directory tree,
        List<TrustFiles> trust,
        long vaultGeneration,
        Fingerprint text) {
    private static final long MAX_BYTES = 1024 * 1024;

    /**
     * Reads a configuration and everything it names.
     *
     * @param identities asked only if a master is in the vault
     * @throws CommandException if the configuration itself is wrong: {@code file:line:column: problem}
     */
    static Loaded from(Path file, Identities identities) throws CommandException {
        ProcessMemory.forbidInspection();
        Path absolute = file.toAbsolutePath().normalize();
        String text = text(absolute);
        try {
            Configuration configuration = ConfigurationReader.read(text, absolute, Loaded::program);
            SortedMap<String, Master> masters = new TreeMap<>();
            VaultMasters vault = VaultMasters.open(configuration, identities);
            Set<KeyId> revoked = revokedKeys(absolute, text);
            for (Map.Entry<String, Configuration.MasterSource> source :
                    configuration.masters().entrySet()) {
                String name = source.getKey();
                Master master = source.getValue() instanceof Configuration.MasterSource.InVault entry
                        ? vault.master(name, entry.entry())
                        : source.getValue() instanceof Configuration.MasterSource.InFile own
                                ? master(name, own.file())
                                : new Master.Unavailable("master '" + name + "' is nowhere");
                masters.put(name, unlessRevoked(name, master, revoked));
            }
            List<TrustFiles> trust = new ArrayList<>();
            Directory tree = configuration.tree(masters, trust);
            return new Loaded(configuration, masters, tree, trust, vault.generation(), fingerprint(text));
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    /** What the gateway of the same configuration does not honour any more; nothing where this process may not know. */
    private static Set<KeyId> revokedKeys(Path file, String text) throws ConfigurationException {
        if (ConfigurationReader.mapping(Yaml.parse(text), "the configuration")
                .get("gateway")
                .isEmpty()) {
            return Set.of();
        }
        try {
            return RevocationList.revokedKeys(GatewayConfig.revocations(GatewayReader.stateDirectory(file)));
        } catch (CommandException e) {
            // The gateway's own mistake: it is said where the gateway is started.
            return Set.of();
        }
    }

    private static Master unlessRevoked(String name, Master master, Set<KeyId> revoked) {
        return master instanceof Master.Available available
                        && revoked.contains(available.macaroon().id())
                ? new Master.Unavailable("master '" + name + "': its key '"
                        + available.macaroon().id() + "' was revoked: issue a new one from another key")
                : master;
    }

    private static Fingerprint fingerprint(String text) {
        return Fingerprint.of(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * The audit log that a configuration names, whatever else is wrong with it: there its daemon is asked.
     *
     * @throws CommandException if it is not YAML, or no file
     */
    static Path auditOf(Path file) throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        try {
            return ConfigurationReader.auditOf(content(absolute), absolute);
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    /**
     * An older vault brings retired keys back to life.
     *
     * @throws CommandException if the vault went back since
     */
    void requireNotOlderThan(Loaded before) throws CommandException {
        boolean sameVault =
                configuration.vault().file().equals(before.configuration.vault().file());
        if (sameVault && vaultGeneration > 0 && vaultGeneration < before.vaultGeneration) {
            throw new CommandException(
                    Failure.MASTER_UNAVAILABLE,
                    "vault " + configuration.vault().file() + " went back from generation " + before.vaultGeneration
                            + " to " + vaultGeneration + ": restart if that is meant");
        }
    }

    /** Whether the file does not say any more what was read from it. */
    boolean hasChanged() {
        try {
            return !fingerprint(content(configuration.file())).equals(text);
        } catch (CommandException e) {
            return true;
        }
    }

    /** What is wrong with a master at this moment, in one line; empty where nothing is. */
    String problem(String master, Instant now) {
        Master read = masters.get(master);
        if (read instanceof Master.Unavailable unavailable) {
            return unavailable.why();
        }
        if (read instanceof Master.Available available
                && available.macaroon().expiry().isBefore(now)) {
            return "master '" + master + "' expired at " + available.macaroon().expiry() + ": issue a new one";
        }
        return "";
    }

    /** One line for each master that is bad at this moment. */
    List<String> problems(Instant now) {
        List<String> problems = new ArrayList<>();
        for (String master : masters.keySet()) {
            String problem = problem(master, now);
            if (!problem.isEmpty()) {
                problems.add(problem);
            }
        }
        return problems;
    }

    /** Makes the public files that are not made from what there is now, and says what came of it: a line for each directory. */
    List<String> refreshTrust(Instant now) {
        List<String> outcomes = new ArrayList<>();
        for (TrustFiles files : trust) {
            if (files.refresh(now)) {
                outcomes.add(files.outcome());
            }
        }
        return outcomes;
    }

    /** One line for each directory whose public files are not there. */
    List<String> trustProblems() {
        return trust.stream()
                .map(TrustFiles::problem)
                .filter(problem -> !problem.isEmpty())
                .toList();
    }

    /** The token files that can be read at this moment: those of good masters. */
    long filesServed(Instant now) {
        return configuration.files().stream()
                .filter(file -> problem(file.master(), now).isEmpty())
                .count();
    }

    /** Such as {@code 2 files}, or {@code 2 of 3 files} where masters are bad. */
    String describeFiles(Instant now) {
        int all = configuration.files().size();
        long served = filesServed(now);
        return (served == all ? "" : served + " of ") + all + (all == 1 ? " file" : " files");
    }

    static Executable program(String path) throws IOException {
        Path file = Path.of(path).toRealPath();
        return new Executable(file.toString(), (long) Files.getAttribute(file, "unix:dev"), (long)
                Files.getAttribute(file, "unix:ino"));
    }

    private static Master master(String name, Path file) {
        byte[] content = {};
        try {
            content = SecretFile.read(file, "master '" + name + "'");
            return new Master.Available(MasterMacaroon.parse(content));
        } catch (MalformedMacaroonException e) {
            return new Master.Unavailable("master '" + name + "' " + file + ": " + e.getMessage());
        } catch (CommandException e) {
            return new Master.Unavailable(String.valueOf(e.getMessage()));
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    static String text(Path file) throws CommandException {
        try {
            PosixFileAttributes attributes = Files.readAttributes(file, PosixFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw invalid(file, "not a regular file");
            }
            if (attributes.permissions().contains(PosixFilePermission.OTHERS_WRITE)
                    || attributes.permissions().contains(PosixFilePermission.GROUP_WRITE)) {
                throw invalid(
                        file, "others can write to it, and so decide who gets tokens: run 'chmod go-w " + file + "'");
            }
            return content(file);
        } catch (NoSuchFileException e) {
            throw invalid(file, "no such file: 'credfs init DIR' makes one");
        } catch (IOException e) {
            throw invalid(file, Problems.of(e));
        }
    }

    private static String content(Path file) throws CommandException {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw invalid(file, "larger than 1 MiB");
            }
            byte[] bytes = Files.readAllBytes(file);
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (NoSuchFileException e) {
            throw invalid(file, "no such file: 'credfs init DIR' makes one");
        } catch (CharacterCodingException e) {
            throw invalid(file, "not UTF-8");
        } catch (IOException e) {
            throw invalid(file, Problems.of(e));
        }
    }

    private static CommandException invalid(Path file, String why) {
        return new CommandException(Failure.CONFIGURATION_INVALID, file + ": " + why);
    }
}
