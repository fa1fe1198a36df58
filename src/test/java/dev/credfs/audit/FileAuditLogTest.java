package dev.credfs.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileAuditLogTest {
    static final FileAuditLog.Options OPTIONS = FileAuditLog.Options.standard(InstantSource.fixed(Events.AT));

    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("audit.log");
    }

    private static List<String> lines(Path log) throws IOException {
        return Files.readAllLines(log, StandardCharsets.US_ASCII);
    }

    @Test
    void anEventIsInTheFileWhenAppendReturns() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            assertThat(lines(path())).hasSize(1).first().asString().contains(Events.tokenId(1));
            log.append(Events.minted(2));
            assertThat(lines(path())).hasSize(2).last().asString().contains(Events.tokenId(2));
        }
    }

    @Test
    void eachLineNamesTheHashOfTheOneBeforeIt() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            for (AuditEvent event : Events.all()) {
                log.append(event);
            }
        }
        String prev = "0".repeat(64);
        long seq = 0;
        for (String line : lines(path())) {
            String hashed = line.substring(0, line.lastIndexOf(",\"hash\":\""));
            String hash =
                    LineHash.of(hashed.getBytes(StandardCharsets.US_ASCII)).toString();
            assertThat(line)
                    .startsWith(
                            "{\"schema\":\"credfs/audit/v1\",\"seq\":" + ++seq + ",\"prev\":\"" + prev + "\",\"at\":")
                    .endsWith(",\"hash\":\"" + hash + "\"}");
            prev = hash;
        }
        assertThat(seq).isEqualTo(Events.all().size());
    }

    @Test
    void onlyTheOwnerMayReadWhatIsCreated() throws Exception {
        FileAuditLog.open(path(), OPTIONS).close();
        for (String suffix : List.of("", ".lock", ".head", ".key", ".pub")) {
            Path file = directory.resolve("audit.log" + suffix);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void theChainGoesOnAfterARestart() throws Exception {
        for (int i = 1; i <= 3; i++) {
            try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
                log.append(Events.minted(i));
                assertThat(log.status().written()).isEqualTo(i);
            }
        }
        assertThat(lines(path())).hasSize(3);
    }

    @Test
    void aClosedLogTakesNothing() throws Exception {
        FileAuditLog log = FileAuditLog.open(path(), OPTIONS);
        log.close();
        assertThatExceptionOfType(AuditUnavailableException.class)
                .isThrownBy(() -> log.append(Events.minted(1)))
                .withMessage("the audit log " + path() + " cannot be written: it is closed");
    }
}
