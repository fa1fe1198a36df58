package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What explain says of this very process, offline. */
final class ExplainerTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    private Path directory;

    private Path home;
    private String out = "";
    private String err = "";

    @BeforeEach
    void makeFiles() {
        home = directory.resolve("home");
        assertThat(run("init", home.toString())).isZero();
    }

    private int run(String... arguments) {
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        int status = Main.run(
                arguments,
                new Terminal(
                        new ByteArrayInputStream(new byte[0]),
                        new PrintStream(outBytes, true, StandardCharsets.UTF_8),
                        new PrintStream(errBytes, true, StandardCharsets.UTF_8),
                        false),
                InstantSource.fixed(NOW));
        out = outBytes.toString(StandardCharsets.UTF_8);
        err = errBytes.toString(StandardCharsets.UTF_8);
        return status;
    }

    private void tree(String tree) throws Exception {
        Files.writeString(home.resolve("credfs.yaml"), """
                mount: run/m
                audience: gateway.local
                allow-other: true
                masters: { github: { file: github.macaroon } }
                tree: { github: %s }
                """.replace("%s", tree));
    }

    private int explain(String... more) {
        String[] arguments = new String[more.length + 6];
        String[] first = {
            "explain",
            "--config",
            home.resolve("credfs.yaml").toString(),
            "--pid",
            Long.toString(ProcessHandle.current().pid()),
            "github/token"
        };
        System.arraycopy(first, 0, arguments, 0, first.length);
        System.arraycopy(more, 0, arguments, first.length, more.length);
        return run(arguments);
    }

    @Test
    void eachRuleHasAReasonAndTheFirstThatMatchesDecides() throws Exception {
        tree("{ allow: [ { uid: 4711 }, { any: true, method: GET } ], token: { master: github, path: /user } }");
        assertThat(explain()).isZero();
        assertThat(out.lines())
                .contains(
                        "offline, from " + home.resolve("credfs.yaml"),
                        "✗ rule 1 { uid: 4711 }: the caller's uid is " + Owner.effectiveUid(),
                        "✓ rule 2 { any: true }: the caller is known",
                        "  path = /user",
                        "  method = GET",
                        "  time < 2026-01-02T03:09:05Z");
        assertThat(out).containsPattern("✓ granted by rule 2: [0-9]+ bytes");
    }

    @Test
    void rateAndCoalesceOfTheFileAreTold() throws Exception {
        tree("{ allow: [ { any: true } ], token: { master: github, rate: 7, coalesce: 3s } }");
        assertThat(explain()).isZero();
        assertThat(out)
                .contains("✓ rate 7 reads a minute, of which 7 are left to this caller")
                .contains("✓ coalesce 3s, and this process has no token to get again");
        assertThat(explain("--json")).isZero();
        assertThat(out).contains("\"asked\":{\"of\":\"file\",", "\"reads_left\":7", "\"again\":false");
    }

    @Test
    void accessIsTriedWithTheTokenThatWouldBeMinted() throws Exception {
        tree("{ allow: [ { any: true } ], token: { master: github, host: api.github.com, method: GET } }");
        assertThat(explain("--access", "GET https://api.github.com/user")).isZero();
        assertThat(out).contains("cleared: GET https://api.github.com/user");
        assertThat(explain("--access", "DELETE https://api.github.com/user")).isEqualTo(6);
        assertThat(out).contains("✗ method = GET: ", "not cleared: DELETE ");
        assertThat(explain("--access", "GET /user")).isEqualTo(2);
    }

    @Test
    void whoIsRefusedIsToldTheErrnoOfTheOpen() throws Exception {
        tree("{ allow: [], token: { master: github } }");
        assertThat(explain()).isEqualTo(4);
        assertThat(out).contains("✗ refused with EACCES: no rule allows anybody");
        Files.delete(home.resolve("github.macaroon"));
        tree("{ allow: [ { any: true } ], token: { master: github } }");
        assertThat(explain()).isEqualTo(5);
        assertThat(out).contains("✗ refused with EIO: master 'github' ");
    }

    @Test
    void whatIsNotThereIsNamed() throws Exception {
        assertThat(explain("--pid", "999999999")).isEqualTo(2);
        String config = home.resolve("credfs.yaml").toString();
        assertThat(run("explain", "--config", config, "--pid", "999999999", "github/token"))
                .isEqualTo(4);
        assertThat(err).isEqualTo("credfs: there is no process 999999999 (in the pid namespace of credfs)\n");
        assertThat(run("explain", "--config", config, "github/tokne")).isEqualTo(3);
        assertThat(err).contains("did you mean '/github/token'?");
    }
}
