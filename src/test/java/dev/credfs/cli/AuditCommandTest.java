package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.FileAuditLog;
import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AuditCommandTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String TOKEN = "01KDXW0R00AAAAAAAAAAAAAAAA";

    @TempDir
    Path directory;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private String log = "";

    @BeforeEach
    void aLogOfADay() throws Exception {
        Path path = directory.resolve("audit.jsonl");
        log = path.toString();
        Caller caller = new Caller(
                new Tid(8),
                new Pid(7),
                99,
                new Uid(1000),
                new Gid(1000),
                new Executable("/usr/bin/gh", 1, 2),
                "0::/\n",
                3,
                Container.HOST);
        try (FileAuditLog audit = FileAuditLog.open(path, FileAuditLog.Options.standard(InstantSource.fixed(NOW)))) {
            audit.append(new AuditEvent.Started(NOW, 7, "/run/credfs/m"));
            audit.append(new AuditEvent.Minted(
                    NOW,
                    1,
                    "/github/token",
                    caller,
                    "{ uid: 1000 }",
                    1,
                    TOKEN,
                    "3f2a9c1b",
                    List.of(Caveat.parse("jti = " + TOKEN), Caveat.parse("method = GET")),
                    NOW.plusSeconds(300)));
            audit.append(new AuditEvent.Stopped(NOW, 7, "stopped"));
        }
    }

    private int run(String... args) {
        return Main.run(
                args,
                new ByteArrayInputStream(new byte[0]),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
    }

    private List<String> printed() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void tailPrintsTheLastRecords() {
        assertThat(run("audit", "tail", "-n", "2", log)).isZero();
        assertThat(printed())
                .containsExactly(
                        "2026-01-02T03:04:05Z minted " + TOKEN + " of /github/token until 2026-01-02T03:09:05Z for "
                                + "pid 7 uid 1000 (/usr/bin/gh) in host by rule 1 { uid: 1000 }",
                        "2026-01-02T03:04:05Z stopped: process 7, stopped");
    }

    @Test
    void jsonIsTheLineAsItStands() throws Exception {
        assertThat(run("audit", "tail", "--json", log)).isZero();
        assertThat(printed()).isEqualTo(Files.readAllLines(Path.of(log)));
    }

    @Test
    void showFindsAToken() {
        assertThat(run("audit", "show", "--jti", TOKEN, log)).isZero();
        assertThat(printed()).hasSize(3).contains("    jti = " + TOKEN, "    method = GET");
    }

    @Test
    void showSaysWhenThereIsNoSuchToken() {
        String other = TOKEN.replace('A', 'B');
        assertThat(run("audit", "show", "--jti", other, log)).isEqualTo(3);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("credfs: no record of " + other + " in these files; older ones may have it\n");
        assertThat(run("audit", "show", "--jti", "\"event\"", log)).isEqualTo(2);
    }

    @Test
    void verifyOfAnIntactLogSaysHowFarItReaches() {
        assertThat(run("audit", "verify", log)).isZero();
        assertThat(printed()).containsExactly("✓ intact: records 1 to 3, signed up to 3");
        assertThat(err.toString(StandardCharsets.UTF_8)).isEmpty();
    }

    @Test
    void verifyNamesTheFirstBadLine() throws Exception {
        Path path = Path.of(log);
        List<String> lines = Files.readAllLines(path);
        Files.write(path, List.of(lines.get(0), lines.get(1).replace("uid\":1000", "uid\":1001"), lines.get(2)));
        assertThat(run("audit", "verify", log)).isEqualTo(7);
        assertThat(printed()).containsExactly("✗ " + log + ":2: its hash is not that of its content: it was edited");
        out.reset();
        assertThat(run("audit", "verify", "--json", log)).isEqualTo(7);
        assertThat(printed())
                .containsExactly("{\"schema\":\"credfs/audit-verify/v1\",\"intact\":false,\"file\":\"" + log
                        + "\",\"line\":2,\"why\":\"its hash is not that of its content: it was edited\","
                        + "\"remarks\":[]}");
    }

    @Test
    void aLogThatIsNotThereIsSaid() {
        assertThat(run("audit", "verify", log + ".9")).isEqualTo(3);
        assertThat(run("audit", "tail", log + ".9")).isEqualTo(3);
        assertThat(run("audit", "show", "--jti", TOKEN, log + ".9")).isEqualTo(3);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("no such file");
        assertThat(run("audit")).isEqualTo(2);
    }
}
