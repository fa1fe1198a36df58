package dev.credfs.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AuditVerificationTest {
    private static final int RECORDS = 10;

    @TempDir
    Path directory;

    private Path path;
    private List<String> lines = List.of();

    @BeforeEach
    void aLogOfTenRecords() throws Exception {
        path = directory.resolve("audit.log");
        try (FileAuditLog log = FileAuditLog.open(path, FileAuditLogTest.OPTIONS)) {
            for (int i = 1; i <= RECORDS; i++) {
                log.append(Events.minted(i));
            }
        }
        lines = new ArrayList<>(Files.readAllLines(path, StandardCharsets.US_ASCII));
    }

    private static AuditVerdict verify(Path... files) throws IOException {
        return AuditVerification.of(List.of(files)).run((done, total) -> {});
    }

    private AuditVerdict verifyLines() throws IOException {
        Files.write(path, lines, StandardCharsets.US_ASCII);
        return verify(path);
    }

    private static void assertBroken(AuditVerdict verdict, long line, String why) {
        assertThat(verdict).isInstanceOfSatisfying(AuditVerdict.Broken.class, broken -> {
            assertThat(broken.line()).isEqualTo(line);
            assertThat(broken.why()).contains(why);
        });
    }

    private void withoutHead() throws IOException {
        Files.delete(directory.resolve("audit.log.head"));
    }

    @Test
    void aLogAsItWasWrittenIsIntact() throws Exception {
        assertThat(verify(path)).isEqualTo(new AuditVerdict.Intact(1, RECORDS, RECORDS, List.of()));
    }

    @Test
    void anEmptyLogIsIntact() throws Exception {
        Path empty = directory.resolve("empty.log");
        FileAuditLog.open(empty, FileAuditLogTest.OPTIONS).close();
        assertThat(verify(empty)).isInstanceOf(AuditVerdict.Intact.class);
    }

    @Test
    void anEditedLineIsNamed() throws Exception {
        lines.set(4, lines.get(4).replace("\"uid\":1000", "\"uid\":1001"));
        assertBroken(verifyLines(), 5, "edited");
    }

    @Test
    void anEditedLineWithAHashOfItsOwnIsFoundByTheNextOne() throws Exception {
        String edited = lines.get(4).replace("\"uid\":1000", "\"uid\":1001");
        String hashed = edited.substring(0, edited.lastIndexOf(",\"hash\":\""));
        LineHash hash = LineHash.of(hashed.getBytes(StandardCharsets.US_ASCII));
        lines.set(4, hashed + ",\"hash\":\"" + hash + "\"}");
        assertBroken(verifyLines(), 6, "does not follow");
    }

    @Test
    void aRemovedLineIsNamed() throws Exception {
        lines.remove(4);
        assertBroken(verifyLines(), 5, "record 6 where record 5 belongs");
    }

    @Test
    void reorderedLinesAreNamed() throws Exception {
        Collections.swap(lines, 4, 5);
        assertBroken(verifyLines(), 5, "record 6 where record 5 belongs");
    }

    @Test
    void aRepeatedLineIsNamed() throws Exception {
        lines.add(5, lines.get(4));
        assertBroken(verifyLines(), 6, "record 5 where record 6 belongs: repeated");
    }

    @Test
    void anotherLogIsNoContinuation() throws Exception {
        Path other = directory.resolve("other.log");
        try (FileAuditLog log = FileAuditLog.open(other, FileAuditLogTest.OPTIONS)) {
            for (int i = 1; i <= RECORDS / 2; i++) {
                log.append(Events.minted(i));
            }
        }
        assertThat(verify(path, other)).isInstanceOfSatisfying(AuditVerdict.Broken.class, broken -> {
            assertThat(broken.file()).isEqualTo(other);
            assertThat(broken.line()).isEqualTo(1);
            assertThat(broken.why())
                    .isEqualTo("it begins a log, and does not continue " + path
                            + ": give the files of one log, oldest first");
        });
    }

    @Test
    void theFirstLinesCannotBeCutOff() throws Exception {
        lines = lines.subList(2, RECORDS);
        assertBroken(verifyLines(), 1, "what was before was removed");
    }

    @Test
    void aCutTailShowsByTheSignedHead() throws Exception {
        lines = lines.subList(0, 7);
        assertBroken(verifyLines(), 8, "tail was cut off");
    }

    @Test
    void withoutTheHeadACutTailDoesNotShowAndThatIsSaid() throws Exception {
        withoutHead();
        lines = lines.subList(0, 7);
        assertThat(verifyLines().remarks())
                .extracting(AuditVerdict.Remark::text)
                .containsExactly("no signed head: it would not show if records were cut off the end");
    }

    @Test
    void aHeadByAnotherKeyIsNoHead() throws Exception {
        Path other = directory.resolve("other.log");
        FileAuditLog.open(other, FileAuditLogTest.OPTIONS).close();
        Files.copy(
                directory.resolve("other.log.head"),
                directory.resolve("audit.log.head"),
                StandardCopyOption.REPLACE_EXISTING);
        assertThat(catchThrowableOfType(IOException.class, () -> verify(path)))
                .hasMessageContaining("is not by its key");
    }

    @Test
    void aLogWrittenAnewWithoutTheKeyDiffersFromTheHead() throws Exception {
        Path forged = directory.resolve("forged.log");
        try (FileAuditLog log = FileAuditLog.open(forged, FileAuditLogTest.OPTIONS)) {
            for (int i = 1; i <= RECORDS; i++) {
                log.append(Events.minted(i + 100));
            }
        }
        Files.copy(forged, path, StandardCopyOption.REPLACE_EXISTING);
        assertBroken(verify(path), RECORDS, "another one than the signed head names");
    }

    @Test
    void everyFlippedBitOfALogIsFound() throws Exception {
        Path original = directory.resolve("short.log");
        try (FileAuditLog three = FileAuditLog.open(original, FileAuditLogTest.OPTIONS)) {
            three.append(new AuditEvent.Started(Events.AT, 1, "/m"));
            three.append(Events.minted(1));
            three.append(new AuditEvent.Stopped(Events.AT, 1, "SIGTERM"));
        }
        byte[] log = Files.readAllBytes(original);
        Path flipped = directory.resolve("flipped.log");
        AuditVerification verification = new AuditVerification(
                List.of(flipped), directory.resolve("short.log.head"), directory.resolve("short.log.pub"));
        for (int i = 0; i < log.length; i++) {
            byte[] copy = log.clone();
            copy[i] ^= (byte) (1 << (i % 8));
            Files.write(flipped, copy);
            long line = 1;
            for (int j = 0; j < i; j++) {
                if (log[j] == '\n') {
                    line++;
                }
            }
            AuditVerdict verdict = verification.run((done, total) -> {});
            assertThat(verdict).as("bit " + i % 8 + " of byte " + i).isInstanceOf(AuditVerdict.Broken.class);
            assertThat(((AuditVerdict.Broken) verdict).line()).isEqualTo(line);
        }
    }

    @Test
    void aLineOfAnotherProgramIsNamed() throws Exception {
        lines.add(3, "hello");
        assertBroken(verifyLines(), 4, "");
    }

    @Test
    void aLogCutAtAnyByteOfItsLastLineGoesOnAndSaysSo() throws Exception {
        byte[] whole = Files.readAllBytes(path);
        int lastLine = lines.get(RECORDS - 1).length() + 1;
        for (int cut = 1; cut < lastLine; cut += cut < 20 || cut > lastLine - 20 ? 1 : 37) {
            Files.deleteIfExists(directory.resolve("audit.log.head"));
            byte[] torn = Arrays.copyOf(whole, whole.length - cut);
            Files.write(path, torn);
            boolean lacksNewlineOnly = cut == 1;
            assertThat(verify(path)).isInstanceOf(AuditVerdict.Intact.class);
            try (FileAuditLog log = FileAuditLog.open(path, FileAuditLogTest.OPTIONS)) {
                log.append(Events.minted(11));
            }
            AuditVerdict verdict = verify(path);
            assertThat(verdict).as("cut by " + cut).isInstanceOf(AuditVerdict.Intact.class);
            assertThat(verdict.remarks()).hasSize(lacksNewlineOnly ? 0 : 1);
            if (!lacksNewlineOnly) {
                assertThat(verdict.remarks().get(0).line()).isEqualTo(RECORDS);
                assertThat(verdict.remarks().get(0).text()).startsWith("torn tail: " + (lastLine - cut) + " bytes");
            }
        }
    }

    @Test
    void aTornTailThatWasEditedLaterIsNamed() throws Exception {
        Files.write(path, Arrays.copyOf(Files.readAllBytes(path), (int) Files.size(path) - 100));
        withoutHead();
        FileAuditLog.open(path, FileAuditLogTest.OPTIONS).close();
        lines = new ArrayList<>(Files.readAllLines(path, StandardCharsets.US_ASCII));
        lines.set(RECORDS - 1, lines.get(RECORDS - 1).replace("\"uid\":1000", "\"uid\":1001"));
        assertBroken(verifyLines(), RECORDS, "edited");
    }

    @Test
    void aTailThatWasCutWhileNoDaemonRanStaysVisibleAfterTheNextHead() throws Exception {
        Files.write(path, lines.subList(0, 7), StandardCharsets.US_ASCII);
        try (FileAuditLog log = FileAuditLog.open(path, FileAuditLogTest.OPTIONS)) {
            log.append(Events.minted(11));
        }
        assertBroken(verify(path), 8, "record 11 where record 8 belongs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{\"schema\":\"credfs-audit/v2\"}", "not a head\n"})
    void aHeadThatIsNoneIsPutOnTheRecord(String head) throws Exception {
        Files.writeString(directory.resolve("audit.log.head"), head);
        FileAuditLog.open(path, FileAuditLogTest.OPTIONS).close();
        assertThat(Files.readAllLines(path, StandardCharsets.US_ASCII).get(RECORDS))
                .contains("\"event\":\"recovered\"")
                .contains("the signed head could not be used");
        assertThat(verify(path)).isInstanceOf(AuditVerdict.Intact.class);
    }

    @Test
    void theLastLinesAreReadWithoutTheRest() throws Exception {
        for (int count : new int[] {0, 1, 3, RECORDS, RECORDS + 5}) {
            List<String> read = new ArrayList<>();
            try (AuditReader reader = AuditReader.open(path)) {
                reader.seekToLast(count);
                for (var line = reader.next(); line.isPresent(); line = reader.next()) {
                    read.add(line.get().json());
                }
            }
            assertThat(read).hasSize(Math.min(count, RECORDS));
            if (count > 0) {
                assertThat(read.get(read.size() - 1)).contains(Events.tokenId(RECORDS));
            }
        }
    }

    @Test
    void progressEndsAtTheWhole() throws Exception {
        AtomicLong last = new AtomicLong();
        AuditVerification.of(List.of(path)).run((done, total) -> {
            assertThat(done).isGreaterThan(last.get()).isLessThanOrEqualTo(total);
            last.set(done);
        });
        assertThat(last.get()).isEqualTo(Files.size(path));
    }
}
