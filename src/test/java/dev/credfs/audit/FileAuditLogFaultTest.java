package dev.credfs.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class FileAuditLogFaultTest {
    private static final FileAuditLog.Options OPTIONS = FileAuditLogTest.OPTIONS;

    @TempDir
    Path directory;

    private Path path() {
        return directory.resolve("audit.log");
    }

    private static AuditVerdict verify(Path... files) throws IOException {
        return AuditVerification.of(List.of(files)).run((done, total) -> {});
    }

    private static List<String> remarks(Path... files) throws IOException {
        AuditVerdict verdict = verify(files);
        assertThat(verdict).isInstanceOf(AuditVerdict.Intact.class);
        List<String> texts = new ArrayList<>();
        for (AuditVerdict.Remark remark : verdict.remarks()) {
            texts.add(remark.text());
        }
        return texts;
    }

    private static void assertBroken(AuditVerdict verdict, long line, String why) {
        assertThat(verdict).isInstanceOfSatisfying(AuditVerdict.Broken.class, broken -> {
            assertThat(broken.why()).contains(why);
            assertThat(broken.line()).isEqualTo(line);
        });
    }

    private static AuditUnavailableException refused(FileAuditLog log, int number) {
        AuditUnavailableException refused =
                catchThrowableOfType(AuditUnavailableException.class, () -> log.append(Events.minted(number)));
        assertThat(refused).isNotNull();
        return refused;
    }

    private static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("still not so").isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static boolean isTaken(FileAuditLog log, int number) {
        try {
            log.append(Events.minted(number));
            return true;
        } catch (AuditUnavailableException e) {
            return false;
        }
    }

    private static boolean contains(Path log, int number) throws IOException {
        return Files.readString(log, StandardCharsets.US_ASCII).contains(Events.tokenId(number));
    }

    @Test
    void aFullDiskTakesNothingAndAFreedOneGoesOn() throws Exception {
        try (SmallDisk disk = SmallDisk.tmpfs(directory, 64)) {
            Path path = disk.resolve("audit.log");
            try (FileAuditLog log = FileAuditLog.open(path, OPTIONS)) {
                disk.fill();
                int number = 1;
                while (isTaken(log, number)) {
                    number++;
                }
                int failed = number;
                assertThat(refused(log, failed)).hasMessageEndingWith("cannot be written: no space left on device");
                assertThat(log.status().problem()).contains("no space left on device");
                assertThat(contains(path, failed)).isFalse();
                disk.free();
                log.append(Events.minted(failed));
                assertThat(contains(path, failed)).isTrue();
                assertThat(log.status().problem()).isEmpty();
            }
            assertThat(remarks(path)).isEmpty();
        }
    }

    @Test
    void whatAFullDiskLeftInAnAppendOnlyFileIsMarked() throws Exception {
        try (SmallDisk disk = SmallDisk.ext4(directory, 1024)) {
            Path path = disk.resolve("audit.log");
            try (FileAuditLog log = FileAuditLog.open(path, OPTIONS)) {
                log.append(Events.minted(1));
                disk.attribute("+a", path);
                disk.fill();
                int number = 2;
                while (isTaken(log, number)) {
                    number++;
                }
                refused(log, number);
                disk.free();
                log.append(Events.minted(number));
            } finally {
                disk.attribute("-a", path);
            }
            assertThat(remarks(path)).singleElement().asString().startsWith("torn tail: ");
        }
    }

    @Test
    void aFileThatBecameReadOnlyTakesNothingUntilItIsWritableAgain() throws Exception {
        try (SmallDisk disk = SmallDisk.ext4(directory, 1024)) {
            Path path = disk.resolve("audit.log");
            try (FileAuditLog log = FileAuditLog.open(path, OPTIONS)) {
                log.append(Events.minted(1));
                disk.attribute("+i", path);
                try {
                    assertThat(refused(log, 2)).hasMessageEndingWith("operation not permitted");
                } finally {
                    disk.attribute("-i", path);
                }
                log.append(Events.minted(3));
            }
            assertThat(remarks(path)).isEmpty();
        }
    }

    @Test
    void aDiskThatHangsIsAnErrorInTimeAndWhatCameTooLateIsWithdrawn() throws Exception {
        FileAuditLog.Options options = new FileAuditLog.Options(
                Duration.ofMillis(300), OPTIONS.syncAfter(), OPTIONS.headEvery(), OPTIONS.clock());
        try (SmallDisk disk = SmallDisk.ext4(directory, 1024)) {
            Path path = disk.resolve("audit.log");
            try (FileAuditLog log = FileAuditLog.open(path, options)) {
                log.append(Events.minted(1));
                await(() -> log.status().synced() == 1);
                disk.freeze();
                FutureTask<AuditUnavailableException> hung = new FutureTask<>(() -> refused(log, 2));
                Thread writer = new Thread(hung, "in the write");
                writer.start();
                try {
                    await(() -> !log.status().problem().isEmpty());
                    long start = System.nanoTime();
                    assertThat(refused(log, 3)).hasMessageContaining("the disk has not answered a write for ");
                    assertThat(System.nanoTime() - start)
                            .as("no caller waits for a disk that is known to hang")
                            .isLessThan(Duration.ofMillis(250).toNanos());
                } finally {
                    disk.thaw();
                }
                assertThat(hung.get(10, TimeUnit.SECONDS))
                        .hasMessageContaining("the disk has not answered a write for ");
                await(() -> isTaken(log, 4));
                await(() -> log.status().written() == 4);
            }
            assertThat(contains(path, 3)).isFalse();
            List<String> lines = Files.readAllLines(path, StandardCharsets.US_ASCII);
            assertThat(lines).hasSize(4);
            assertThat(lines.get(1)).contains(Events.tokenId(2));
            assertThat(lines)
                    .filteredOn(line -> line.contains("\"event\":\"withdrawn\",\"record\":2"))
                    .hasSize(1);
            assertThat(remarks(path)).isEmpty();
        }
    }

    @Test
    void aDeletedFileIsMadeAnewAndSaysWhatItGoesOnFrom() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            Files.delete(path());
            log.append(Events.minted(2));
            assertThat(contains(path(), 2)).isTrue();
        }
        assertThat(remarks(path()))
                .hasSize(2)
                .anySatisfy(text -> assertThat(text).isEqualTo("it goes on from record 1, whose file was not given"))
                .anySatisfy(text -> assertThat(text).startsWith("the file before it was deleted"));
    }

    @Test
    void aDirectoryThatWasMovedAwayIsAnErrorUntilItIsBack() throws Exception {
        Path logs = Files.createDirectory(directory.resolve("logs"));
        Path away = directory.resolve("away");
        try (FileAuditLog log = FileAuditLog.open(logs.resolve("audit.log"), OPTIONS)) {
            log.append(Events.minted(1));
            // else the syncer may be the one that finds the directory gone, and tries again only later
            await(() -> log.status().synced() == 1);
            Files.move(logs, away);
            assertThat(refused(log, 2)).hasMessageEndingWith("no such file or directory");
            Files.move(away, logs);
            log.append(Events.minted(3));
        }
        assertThat(remarks(logs.resolve("audit.log"))).isEmpty();
    }

    @Test
    void aLinkInPlaceOfTheFileIsNotFollowed() throws Exception {
        Path elsewhere = directory.resolve("elsewhere");
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            Files.move(path(), directory.resolve("audit.log.1"));
            Files.createSymbolicLink(path(), elsewhere);
            assertThat(refused(log, 2)).hasMessageEndingWith("it is a symbolic link: name the file itself");
            assertThat(elsewhere).doesNotExist();
            Files.delete(path());
            log.append(Events.minted(3));
        }
        assertThat(remarks(directory.resolve("audit.log.1"), path())).isEmpty();
    }

    @Test
    void anotherFileInPlaceOfTheLogIsFoundOut() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            Path older = directory.resolve("older");
            Files.copy(path(), older);
            Files.setPosixFilePermissions(older, PosixFilePermissions.fromString("rw-------"));
            log.append(Events.minted(2));
            Files.move(older, path(), StandardCopyOption.REPLACE_EXISTING);
            log.append(Events.minted(3));
        }
        assertBroken(verify(path()), 2, "record 3 where record 2 belongs");
    }

    @Test
    void theChainGoesOnThroughRenamedFiles() throws Exception {
        Path first = directory.resolve("audit.log.2");
        Path second = directory.resolve("audit.log.1");
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            Files.move(path(), first);
            log.reopen();
            assertThat(path()).exists();
            log.append(Events.minted(2));
            Files.move(path(), second);
            // As logrotate's 'create' leaves it, and before any signal arrives.
            Files.createFile(
                    path(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            log.append(Events.minted(3));
            log.reopen();
            log.append(Events.minted(4));
        }
        assertThat(contains(first, 1)).isTrue();
        assertThat(contains(second, 2)).isTrue();
        assertThat(contains(path(), 4)).isTrue();
        assertThat(remarks(first, second, path())).isEmpty();
        assertThat(remarks(path())).containsExactly("it goes on from record 3, whose file was not given");
        assertBroken(verify(first, path()), 1, "what was between was removed");
    }

    @Test
    void aFileRenamedWhileNoDaemonRanIsGoneOnFrom() throws Exception {
        Path first = directory.resolve("audit.log.1");
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
        }
        Files.move(path(), first);
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(2));
        }
        assertThat(remarks(first, path())).singleElement().asString().startsWith("the file before it was absent");
    }

    @Test
    void aHeadOlderThanTheRenamedFileIsNoFalseAlarm() throws Exception {
        Path first = directory.resolve("audit.log.1");
        Path head = directory.resolve("audit.log.head");
        Path older = directory.resolve("older.head");
        for (int i = 1; i <= 2; i++) {
            try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
                log.append(Events.minted(i));
            }
            if (i == 1) {
                Files.copy(head, older);
            }
        }
        Files.move(older, head, StandardCopyOption.REPLACE_EXISTING);
        Files.move(path(), first);
        FileAuditLog.open(path(), OPTIONS).close();
        assertThat(remarks(first, path()))
                .anySatisfy(text -> assertThat(text).contains("went on from its signed head, record 1"));
    }

    @Test
    void aTruncatedFileIsReported() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            log.append(Events.minted(2));
            Files.copy(path(), directory.resolve("audit.log.1"));
            Files.write(path(), new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
            log.append(Events.minted(3));
        }
        assertBroken(verify(path()), 1, "the file was changed while the log was written");
        assertBroken(verify(directory.resolve("audit.log.1"), path()), 1, "the file was changed");
    }

    @Test
    void aLineOfSomebodyElseIsReported() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            log.append(Events.minted(1));
            Files.writeString(path(), "hello\n", StandardOpenOption.APPEND);
            log.append(Events.minted(2));
        }
        assertBroken(verify(path()), 2, "");
        assertThat(Files.readString(path())).contains("\"reason\":\"foreign\"");
    }

    @Test
    void aSecondDaemonIsRefusedWithThePidOfTheFirst() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            assertThatExceptionOfType(AuditUnavailableException.class)
                    .isThrownBy(() -> FileAuditLog.open(path(), OPTIONS).close())
                    .withMessageContaining(
                            "is written by process " + ProcessHandle.current().pid());
            // That attempt must not have given the lock away.
            try (AppendingProcess second = AppendingProcess.on(path())) {
                assertThat(second.next())
                        .isEqualTo("the audit log " + path().toRealPath() + " is written by process "
                                + ProcessHandle.current().pid()
                                + ": give each daemon a log of its own, or stop that one");
            }
            log.append(Events.minted(1));
        }
    }

    @Test
    void whatWasAcknowledgedSurvivesAKill() throws Exception {
        int acknowledged = 0;
        for (int round = 0; round < 3; round++) {
            try (AppendingProcess daemon = AppendingProcess.on(path())) {
                for (int i = 1; i <= 50; i++) {
                    assertThat(daemon.next()).isEqualTo(Integer.toString(i));
                }
                assertThatExceptionOfType(AuditUnavailableException.class)
                        .isThrownBy(() -> FileAuditLog.open(path(), OPTIONS).close())
                        .withMessageContaining("is written by process " + daemon.pid());
                String last = daemon.kill();
                acknowledged += last.isEmpty() ? 50 : Integer.parseInt(last);
            }
            FileAuditLog.open(path(), OPTIONS).close();
            AuditVerdict verdict = verify(path());
            int least = acknowledged;
            assertThat(verdict)
                    .isInstanceOfSatisfying(
                            AuditVerdict.Intact.class,
                            intact -> assertThat(intact.lastRecord()).isGreaterThanOrEqualTo(least));
        }
    }

    @Test
    void manyAppendersShareOneChain() throws Exception {
        int threads = 8;
        int each = 500;
        int all = threads * each;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            List<Callable<Boolean>> work = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int from = thread * each;
                work.add(() -> {
                    for (int i = from; i < from + each; i++) {
                        log.append(Events.minted(i));
                    }
                    return true;
                });
            }
            for (Future<Boolean> done : pool.invokeAll(work)) {
                assertThat(done.get()).isTrue();
            }
        } finally {
            pool.shutdown();
        }
        assertThat(verify(path())).isEqualTo(new AuditVerdict.Intact(1, all, all, List.of()));
        assertThat(Files.readAllLines(path(), StandardCharsets.US_ASCII)).hasSize(all);
    }

    @Test
    void theDiskConfirmsAndTheHeadIsSignedWithoutAnyoneAsking() throws Exception {
        FileAuditLog.Options options = new FileAuditLog.Options(
                OPTIONS.deadline(), OPTIONS.syncAfter(), Duration.ofMillis(20), OPTIONS.clock());
        try (FileAuditLog log = FileAuditLog.open(path(), options)) {
            log.append(Events.minted(1));
            await(() -> log.status().synced() == 1);
            await(() -> {
                try {
                    return Files.readString(directory.resolve("audit.log.head")).contains("\"seq\":1,");
                } catch (IOException e) {
                    return false;
                }
            });
            assertThat(verify(path())).isEqualTo(new AuditVerdict.Intact(1, 1, 1, List.of()));
        }
    }

    @Test
    void anInterruptedCallerIsAnsweredAndStaysInterrupted() throws Exception {
        try (FileAuditLog log = FileAuditLog.open(path(), OPTIONS)) {
            Thread.currentThread().interrupt();
            log.append(Events.minted(1));
            assertThat(Thread.interrupted()).isTrue();
            log.append(Events.minted(2));
        }
        assertThat(remarks(path())).isEmpty();
    }

    @Test
    void onlyAFileOfOursIsWritten() throws Exception {
        assertRefused(directory.resolve("none/audit.log"), "cannot be used: no such file or directory");
        Path folder = Files.createDirectory(directory.resolve("folder"));
        assertRefused(folder, "it is not a regular file");
        Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("target"));
        assertRefused(link, "it is a symbolic link: name the file itself");
        Path pipe = directory.resolve("pipe");
        SmallDisk.run("mkfifo", pipe.toString());
        assertRefused(pipe, "it is not a regular file");
        Path loose = Files.createFile(directory.resolve("loose"));
        Files.setPosixFilePermissions(loose, PosixFilePermissions.fromString("rw-rw----"));
        assertRefused(loose, "others may write it (mode rw-rw----): chmod go-w");
        Path foreign = Files.createFile(directory.resolve("foreign"));
        SmallDisk.run("chown", "65534", foreign.toString());
        assertRefused(foreign, "it belongs to nobody: chown it or name another");
        Path text = Files.writeString(directory.resolve("text"), "root:x:0:0\n");
        assertRefused(text, "no line of its end is a record of credfs: move it away, or name another");
        assertThat(text).hasContent("root:x:0:0\n");
    }

    private static void assertRefused(Path log, String why) {
        assertThatExceptionOfType(AuditUnavailableException.class)
                .isThrownBy(() -> FileAuditLog.open(log, OPTIONS).close())
                .withMessageEndingWith(why);
    }
}
