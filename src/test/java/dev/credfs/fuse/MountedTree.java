package dev.credfs.fuse;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.caveat.Audience;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Master;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Template;
import dev.credfs.mint.TemplateSyntaxException;
import dev.credfs.mint.TokenFile;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import dev.credfs.procfs.Processes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** A real kernel mount of {@code /github/token}, which everyone may read, with its record in memory. */
final class MountedTree {
    static final String TOKEN = "github/token";
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    final Path root;
    final Path mountpoint;
    final List<AuditEvent> record = new CopyOnWriteArrayList<>();
    final List<String> notices = new CopyOnWriteArrayList<>();
    final Map<Operation, Class<? extends Throwable>> faults = new ConcurrentHashMap<>();

    MountedTree() throws IOException {
        root = Files.createTempDirectory(
                        Path.of("/tmp"),
                        "credfs-test",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
                .toRealPath();
        mountpoint = Files.createDirectory(root.resolve("m"));
    }

    Mount mount(Map<String, Duration> windows) throws MountException {
        return mount(windows, Faults.of(faults));
    }

    Mount mount(Map<String, Duration> windows, Faults thrown) throws MountException {
        return Mount.start(
                new MountSettings(mountpoint, false, windows, 32),
                mint(record::add),
                new Processes(Path.of("/proc")),
                thrown,
                notices::add);
    }

    static Mint mint(AuditLog audit) {
        try (RootKey key = RootKey.generate(new SecureRandom())) {
            TokenFile file = new TokenFile(
                    "/" + TOKEN,
                    new Master.Available(key.issue(new KeyId("k1"), List.of())),
                    Duration.ofMinutes(5),
                    List.of(new Audience("gateway.local")),
                    new Policy(List.of(new Rule(List.of(new Condition.Any()), Narrowing.NONE))),
                    Template.parse("${token}", Map.of()));
            Directory tree = Directory.of(Map.of("github", Directory.of(Map.of("token", file))));
            return new Mint(tree, audit, InstantSource.fixed(NOW), new SecureRandom(), 1000);
        } catch (TemplateSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    Path token() {
        return mountpoint.resolve(TOKEN);
    }

    /** How often a bug was put on the record for an operation. */
    long faultsOf(Operation operation) {
        return record.stream()
                .filter(event -> event instanceof AuditEvent.Fault fault
                        && fault.operation().equals(operation.spelling()))
                .count();
    }

    /** Runs a shell command in the mount; its exit status is all that counts. */
    int shell(String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("/bin/sh", "-c", command)
                .directory(root.toFile())
                .redirectErrorStream(true)
                .start();
        lastOutput = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor();
    }

    String lastOutput = "";

    /** Unmounts whatever a failed test has left, and removes the directory. */
    void remove() throws IOException, InterruptedException {
        shell("umount -l " + mountpoint + " 2>/dev/null; umount -l " + root + " 2>/dev/null; rm -rf --one-file-system "
                + root);
    }
}
