import dev.credfs.audit.AuditLog;
import dev.credfs.caveat.Caveat;
import dev.credfs.fuse.Faults;
import dev.credfs.fuse.Mount;
import dev.credfs.fuse.MountSettings;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Master;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Template;
import dev.credfs.mint.TokenFile;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Uid;
import dev.credfs.procfs.Processes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import sun.misc.Signal;

/**
 * What the record costs: credfs with identity and policy, and a log that keeps nothing. There is no way to run credfs
 * itself like that.
 *
 * <p>{@code Unrecorded MOUNTPOINT MASTER} serves {@code github/token} until SIGTERM; MASTER is a file as {@code credfs
 * issue} writes it.
 */
final class Unrecorded {
    private static final int CONCURRENT_MINTS = 64;
    private static final int MAX_OPEN_FILES = 16_384;
    private static final int WARM_UP_ROUNDS = 200;

    private Unrecorded() {}

    public static void main(String[] args) throws Exception {
        TokenFile token = new TokenFile(
                "/github/token",
                new Master.Available(MasterMacaroon.parse(Files.readAllBytes(Path.of(args[1])))),
                Duration.ofMinutes(5),
                List.of(
                        Caveat.parse("aud = gateway.local"),
                        Caveat.parse("host = api.github.com"),
                        Caveat.parse("method = GET,HEAD"),
                        Caveat.parse("path = /repos/acme/** /user")),
                new Policy(List.of(new Rule(List.of(new Condition.HasUid(new Uid(0))), Narrowing.NONE))),
                Template.parse("${token}", Map.of()));
        AuditLog nowhere = event -> {};
        Mint mint = new Mint(
                Directory.of(Map.of("github", Directory.of(Map.of("token", token)))),
                nowhere,
                InstantSource.system(),
                new SecureRandom(),
                MAX_OPEN_FILES);
        mint.warmUp(nowhere, WARM_UP_ROUNDS);
        try (Processes processes = new Processes(Path.of("/proc"));
                Mount mount = Mount.start(
                        new MountSettings(Path.of(args[0]).toAbsolutePath(), false, Map.of(), CONCURRENT_MINTS),
                        mint,
                        processes,
                        Faults.NONE,
                        System.err::println)) {
            Signal.handle(new Signal("TERM"), signal -> mount.drain());
            mount.awaitEnd();
        }
        System.exit(0);
    }
}
