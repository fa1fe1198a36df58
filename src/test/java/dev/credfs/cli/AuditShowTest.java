package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.FileAuditLog;
import dev.credfs.policy.Failure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One token, over the log of the mount and that of the gateway. */
final class AuditShowTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678901234Z");
    private static final String TOKEN = "01KDXW0R00AAAAAAAAAAAAAAAA";
    private static final String PEER = "pid 7 uid 1000 (/usr/bin/curl) in agent-7";

    @TempDir
    private Path directory;

    private String show(String... files) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String[] args = new String[files.length + 4];
        List.of("audit", "show", "--jti", TOKEN).toArray(args);
        System.arraycopy(files, 0, args, 4, files.length);
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertThat(Main.run(args, new ByteArrayInputStream(new byte[0]), stream, stream))
                .isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String line(long seq, String members) throws Exception {
        String begin = "{\"schema\":\"credfs/audit/v1\",\"seq\":" + seq + ",\"prev\":\"" + "0".repeat(64)
                + "\",\"at\":\"2026-01-02T03:04:05Z\"," + members;
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(begin.getBytes(StandardCharsets.US_ASCII));
        return begin + ",\"hash\":\"" + HexFormat.of().formatHex(hash) + "\"}\n";
    }

    private static String again(long seq, String token) throws Exception {
        return line(seq, "\"event\":\"revoked\",\"revocation\":\"jti " + token + "\"");
    }

    private static String withdrawn(long seq, long record) throws Exception {
        return line(seq, "\"event\":\"withdrawn\",\"record\":" + record);
    }

    private String file(String name, String... lines) throws Exception {
        return Files.writeString(directory.resolve(name), String.join("", lines))
                .toString();
    }

    @Test
    void everyRequestIsALineWithStatusAndBytes() throws Exception {
        Path log = directory.resolve("gateway-audit.jsonl");
        try (FileAuditLog audit = FileAuditLog.open(log, FileAuditLog.Options.standard(InstantSource.fixed(NOW)))) {
            audit.append(new AuditEvent.Spent(NOW, 3, TOKEN, "github", "GET https://api.github.com/user", PEER, ""));
            audit.append(new AuditEvent.Answered(NOW, 3, TOKEN, "github", 200, 10, 52, Duration.ofMillis(8)));
            audit.append(new AuditEvent.RefusedRequest(
                    NOW,
                    TOKEN,
                    "github",
                    "POST https://api.github.com/user",
                    Failure.CAVEAT_NOT_CLEARED,
                    "method = GET: the method is POST",
                    PEER,
                    false));
            audit.append(new AuditEvent.RefusedRequest(
                    NOW,
                    TOKEN,
                    "github",
                    "PUT https://api.github.com/user",
                    Failure.CAVEAT_NOT_CLEARED,
                    "method = GET: the method is PUT",
                    PEER,
                    true));
            audit.append(new AuditEvent.RefusedRequest(
                    NOW, "", "", "", Failure.REQUEST_MALFORMED, "a bare LF", PEER, false));
            audit.append(new AuditEvent.Revoked(NOW, "jti " + TOKEN));
        }
        String at = "2026-01-02T03:04:05.678Z ";
        assertThat(show(log.toString()).lines())
                .containsExactly(
                        at + "spent " + TOKEN + " on GET https://api.github.com/user at route github by " + PEER
                                + ", request 3",
                        at + "answered request 3 of " + TOKEN + " with 200 after 8 ms: 10 bytes to github, 52 back",
                        at + "refused " + TOKEN + " with 403 on POST https://api.github.com/user at route github by "
                                + PEER + ": method = GET: the method is POST",
                        at + "let " + TOKEN
                                + " through (dry run) instead of 403 on PUT https://api.github.com/user at route github by "
                                + PEER
                                + ": method = GET: the method is PUT",
                        at + "revoked jti " + TOKEN);
    }

    @Test
    void recordIsTakenBackInItsOwnLogAlone() throws Exception {
        String other = "01KDXW0R00BBBBBBBBBBBBBBBB";
        String mount = file("audit.jsonl", again(1, other), again(2, TOKEN), again(3, other));
        String gateway = file("gateway.jsonl", again(1, TOKEN), again(2, other), withdrawn(3, 2), withdrawn(4, 1));
        assertThat(show(mount, gateway).lines()).hasSize(3);
        assertThat(show(mount, gateway))
                .contains("record 1 was written too late")
                .doesNotContain("record 2 was");
        String renamed = file("audit.jsonl.1", again(1, other), again(2, TOKEN));
        assertThat(show(renamed, file("audit.jsonl.0", withdrawn(3, 2))))
                .as("files of one log")
                .contains("record 2 was written too late");
    }
}
