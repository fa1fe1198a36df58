package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.fuse.ProcessMemory;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code credfs init DIR}: everything for a first read. */
@Command(
        name = "init",
        description = "Make a root key, a master and a configuration in DIR, and print the next two commands.")
final class InitCommand implements Callable<Integer> {
    private static final String AUDIENCE = "gateway.local";
    private static final String HOST = "api.github.com";
    private static final List<String> METHODS = List.of("GET", "HEAD");
    private static final List<String> PATHS = List.of("/repos/**", "/user");
    private static final Duration MASTER_LIFETIME = Duration.ofDays(90);

    @Parameters(paramLabel = "DIR", description = "made with mode 0700 if it is not there")
    private Path directory = Path.of("");

    private final Terminal terminal;
    private final InstantSource clock;

    InitCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        ProcessMemory.forbidInspection();
        Path home = directory.toAbsolutePath().normalize();
        List<Path> made = new ArrayList<>();
        try {
            write(home, made);
            made.clear();
        } catch (IOException e) {
            throw new CommandException(
                    Failure.USAGE,
                    "cannot make " + home + ": "
                            + (e instanceof NoSuchFileException
                                    ? "there is no directory to make it in"
                                    : Problems.of(e))
                            + "; choose another directory");
        } finally {
            remove(made);
        }
        String config = quoted(home.resolve("credfs.yaml"));
        terminal.out().println("credfs mount --config " + config);
        terminal.out().println("cat " + quoted(home.resolve("run/m/github/token")));
        return 0;
    }

    private void write(Path home, List<Path> made) throws IOException, CommandException {
        directory(home, "rwx------", made);
        Path rootKey = home.resolve("root.key");
        Path master = home.resolve("github.macaroon");
        Path config = home.resolve("credfs.yaml");
        for (Path file : List.of(rootKey, master, config)) {
            if (Files.exists(file)) {
                throw new CommandException(
                        Failure.USAGE, file + " exists already: choose another directory or remove it");
            }
        }
        try (RootKey key = RootKey.generate(new SecureRandom())) {
            byte[] keyFile = key.revealKeyFile();
            try {
                SecretFile.create(rootKey, keyFile);
            } finally {
                Arrays.fill(keyFile, (byte) 0);
            }
            made.add(rootKey);
            MasterMacaroon macaroon = key.issue(new KeyId("github"), masterCaveats());
            SecretFile.create(master, macaroon.revealMasterFile());
            made.add(master);
        }
        SecretFile.create(config, configuration(home).getBytes(StandardCharsets.UTF_8));
        made.add(config);
        // The parent of the mount is what a container binds: others may pass through it, the mount decides for itself.
        directory(home.resolve("run"), "rwxr-xr-x", made);
        directory(home.resolve("run/m"), "rwxr-xr-x", made);
    }

    /** Those of the configuration's file: whoever steals the master can do no more than its tokens. */
    private List<Caveat> masterCaveats() throws CommandException {
        List<Caveat> caveats = Inputs.caveats(List.of(
                "aud = " + AUDIENCE,
                "host = " + HOST,
                "method = " + String.join(",", METHODS),
                "path = " + String.join(" ", PATHS)));
        caveats.add(new Expiry(clock.instant().plus(MASTER_LIFETIME).truncatedTo(ChronoUnit.SECONDS)));
        return caveats;
    }

    private static String configuration(Path home) throws IOException {
        return """
                # Read by 'credfs mount' and 'credfs gateway'; 'credfs check --config' tells what is wrong with it.
                mount: %s
                audience: %s
                audit: audit.jsonl
                masters:                        # it allows what the file below asks for, and no more: 'credfs issue' makes others
                  github: { file: github.macaroon }
                tree:
                  github:
                    allow:                      # the first that matches decides; nothing matched is a refusal
                      - { uid: %d }
                    token: { master: github, ttl: 5m, host: %h, method: %m, path: %p }
                gateway:                        # for 'credfs gateway' alone; the real credential goes into github.credential, mode 0600
                  socket: gate/gateway.sock     # containers bind this directory
                  keys: { github: root.key }
                  routes:
                    github:                     # http://gateway/github/... becomes https://%h/...
                      upstream: https://%h
                      credential: { bearer: { file: github.credential } }
                """.replaceFirst("%s", Matcher.quoteReplacement(yaml(home.resolve("run/m"))))
                .replaceFirst("%s", AUDIENCE)
                .replace("%h", HOST)
                .replace("%m", METHODS.toString())
                .replace("%p", PATHS.toString())
                .replaceFirst("%d", Integer.toUnsignedString(Owner.effectiveUid()));
    }

    /** A path as a double-quoted YAML scalar, where it is not plain by all means. */
    private static String yaml(Path path) {
        String text = path.toString();
        return text.matches("[A-Za-z0-9._/-]+")
                ? text
                : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** A path as one word of a shell. */
    private static String quoted(Path path) {
        String text = path.toString();
        return text.matches("[A-Za-z0-9._/-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }

    private static void directory(Path path, String mode, List<Path> made) throws IOException {
        if (!Files.isDirectory(path)) {
            Files.createDirectory(path);
            made.add(path);
            // Set afterwards: the mode at creation passes through the umask.
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
        }
    }

    private static void remove(List<Path> made) {
        for (int i = made.size() - 1; i >= 0; i--) {
            try {
                Files.deleteIfExists(made.get(i));
            } catch (IOException e) {
                // The failure that made us clean up is the one to report.
            }
        }
    }
}
