package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The life cycle and the files, on mounts of this kernel. It needs root and {@code /dev/fuse}, and fails without. */
@Timeout(30)
final class MountTest {
    private MountedTree tree;

    @BeforeEach
    void makeTree() throws IOException {
        tree = new MountedTree();
    }

    @AfterEach
    void removeTree() throws IOException, InterruptedException {
        tree.remove();
    }

    @Test
    void readsReturnExactSlicesForEverySizeAndOffset() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            int fd = Native.LIBC.open(tree.token().toString(), Native.O_RDONLY);
            byte[] whole = new byte[8192];
            int length = (int) Native.LIBC.pread(fd, whole, whole.length, 0);
            assertThat((long) length).isPositive().isEqualTo(Files.size(tree.token()));
            for (int offset = 0; offset <= length + 8; offset += offset < 4 || offset > length - 4 ? 1 : 13) {
                for (int size : new int[] {0, 1, 2, 7, length - 1, length, length + 1, 8000}) {
                    byte[] buffer = new byte[Math.max(1, size)];
                    int expected = Math.max(0, Math.min(size, length - offset));
                    assertThat(Native.LIBC.pread(fd, buffer, size, offset)).isEqualTo(expected);
                    assertThat(Arrays.copyOf(buffer, expected))
                            .isEqualTo(Arrays.copyOfRange(
                                    whole, Math.min(offset, length), Math.min(offset, length) + expected));
                }
            }
            byte[] one = new byte[1];
            assertThat(Native.LIBC.pread(fd, one, 1, Long.MAX_VALUE - 1)).isZero();
            Native.LIBC.close(fd);
            assertThat(mount.mountpoint()).isEqualTo(tree.mountpoint);
        }
    }

    @Test
    void eachOpenReturnsAnotherToken() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(Files.readString(tree.token())).isNotEqualTo(Files.readString(tree.token()));
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    @Test
    void filesThatAreOpenAtOnceHaveTokensOfTheirOwn() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(
                            tree.shell(
                                    "exec 3< m/github/token 4< m/github/token; cat <&4; echo; cat <&3; echo; cat m/github/token"))
                    .isZero();
            assertThat(tree.lastOutput.lines())
                    .hasSize(3)
                    .doesNotHaveDuplicates()
                    .allMatch(token -> token.length() == tokenBytes());
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    private long tokenBytes() {
        try {
            return Files.size(tree.token());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The kernel forgets, looks up anew, and is told other numbers for the same files. */
    @Test
    void fileThatTheKernelHasForgottenIsOpenedAgain() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            for (int i = 0; i < 5; i++) {
                assertThat(Files.readString(tree.token())).isNotEmpty();
                assertThat(tree.shell("echo 2 > /proc/sys/vm/drop_caches")).isZero();
            }
            int fd = Native.LIBC.open(tree.token().toString(), Native.O_RDONLY);
            assertThat(tree.shell("echo 2 > /proc/sys/vm/drop_caches")).isZero();
            assertThat(Native.LIBC.pread(fd, new byte[8192], 8192, 0)).isEqualTo(tokenBytes());
            Native.LIBC.close(fd);
            assertThat(tree.record).hasSize(6);
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    /**
     * A reader that is killed while its open waits: the kernel interrupts the request and waits for the answer all the same.
     */
    @Test
    void readerThatIsKilledWhileItOpensGetsNoToken() throws Exception {
        CountDownLatch came = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Map<Operation, Class<? extends Throwable>> waiting = new HashMap<>() {
            private static final long serialVersionUID = 1;

            @Override
            public @Nullable Class<? extends Throwable> get(@Nullable Object operation) {
                if (operation == Operation.OPEN) {
                    came.countDown();
                    try {
                        assertThat(goOn.await(20, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                return null;
            }
        };
        try (Mount mount = tree.mount(Map.of(), Faults.of(waiting))) {
            Process reader = new ProcessBuilder("/bin/cat", tree.token().toString()).start();
            assertThat(came.await(20, TimeUnit.SECONDS)).isTrue();
            reader.destroyForcibly();
            await(() -> isBeyondSignals(reader.pid()));
            // Interrupts are handed out before requests, so that this one's answer comes after it.
            assertThat(Files.exists(mount.mountpoint().resolve("missing"))).isFalse();
            goOn.countDown();
            assertThat(reader.waitFor()).isEqualTo(128 + Native.SIGKILL);
            assertThat(tree.record).noneMatch(AuditEvent.Minted.class::isInstance);
            assertThat(Files.readString(tree.token())).isNotEmpty();
            assertThat(tree.record)
                    .filteredOn(AuditEvent.Minted.class::isInstance)
                    .hasSize(1);
        }
    }

    /** Waits for an answer whatever comes, or has got one and is gone. */
    private static boolean isBeyondSignals(long pid) throws IOException {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            return stat.contains(") D ") || stat.contains(") Z ");
        } catch (NoSuchFileException e) {
            return true;
        }
    }

    private static void await(Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.call()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Test
    void lookingMintsNothing() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(tree.shell("find m -ls && ls -lR m && stat m/github/token && du m"))
                    .isZero();
            assertThat(tree.record).isEmpty();
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    @Test
    void probeIsGoneAndNothingElseIsListed() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            try (var names = Files.list(mount.mountpoint())) {
                assertThat(names).containsExactly(mount.mountpoint().resolve("github"));
            }
        }
    }

    @Test
    void pageCacheFillsAreRefused() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            int in = Native.LIBC.open(tree.token().toString(), Native.O_RDONLY);
            int out = Native.LIBC.open("/dev/null", Native.O_WRONLY);
            assertThat(Native.LIBC.sendfile(out, in, 0, 10)).isEqualTo(-1);
            assertThat(Native.lastErrno()).isEqualTo(Native.EINVAL);
            Native.LIBC.close(in);
            Native.LIBC.close(out);
            assertThat(tree.shell("cp m/github/token copy && [ -s copy ]"))
                    .as(tree.lastOutput)
                    .isZero();
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                IllegalStateException.class,
                StackOverflowError.class,
                OutOfMemoryError.class,
                AssertionError.class,
                IOException.class
            })
    void whateverACallbackThrowsIsANegativeErrno(Class<? extends Throwable> thrown) throws Exception {
        try (Mount mount = tree.mount(Map.of("/" + MountedTree.TOKEN, Duration.ofHours(1)))) {
            for (Map.Entry<Operation, String> entry : COMMANDS.entrySet()) {
                Operation operation = entry.getKey();
                tree.faults.put(operation, thrown);
                int status = tree.shell(entry.getValue());
                if (operation != Operation.RELEASE) {
                    assertThat(status).as("%s: %s", operation, tree.lastOutput).isNotZero();
                }
                awaitFault(operation);
                tree.faults.clear();
            }
            assertThat(Files.readString(tree.token())).isNotEmpty();
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    private static final Map<Operation, String> COMMANDS = Map.ofEntries(
            Map.entry(Operation.GETATTR, "stat m/missing"),
            Map.entry(Operation.READDIR, "ls m"),
            Map.entry(Operation.OPEN, "cat m/github/token"),
            Map.entry(Operation.READ, "cat m/github/token"),
            Map.entry(Operation.RELEASE, "cat m/github/token"),
            Map.entry(Operation.STATFS, "stat -f m"),
            Map.entry(Operation.UTIMENS, "touch -c m/github/token"),
            Map.entry(Operation.MKNOD, "mkfifo m/x"),
            Map.entry(Operation.MKDIR, "mkdir m/x"),
            Map.entry(Operation.UNLINK, "rm -f m/github/token"),
            Map.entry(Operation.RMDIR, "rmdir m/github"),
            Map.entry(Operation.SYMLINK, "ln -s y m/x"),
            Map.entry(Operation.RENAME, "mv m/github m/x"),
            Map.entry(Operation.LINK, "ln m/github/token m/x"),
            Map.entry(Operation.CHMOD, "chmod 777 m/github/token"),
            Map.entry(Operation.CHOWN, "chown 1 m/github/token"),
            Map.entry(Operation.TRUNCATE, "perl -e 'truncate(\"m/github/token\", 0) or exit 1'"),
            Map.entry(Operation.CREATE, "perl -e 'open(my $f, \">\", \"m/x\") or exit 1'"));

    private void awaitFault(Operation operation) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (tree.faultsOf(operation) == 0 && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        assertThat(tree.faultsOf(operation)).as(operation.name()).isPositive();
        tree.record.clear();
    }

    @Test
    void everyChangeIsRefusedAsReadOnly() throws Exception {
        try (Mount mount = tree.mount(Map.of("/" + MountedTree.TOKEN, Duration.ofHours(1)))) {
            for (Operation operation : EnumSet.range(Operation.UTIMENS, Operation.FALLOCATE)) {
                String command = COMMANDS.get(operation);
                if (command != null) {
                    assertThat(tree.shell("LC_ALL=C " + command.replace("exit 1", "die $!")))
                            .as(command)
                            .isNotZero();
                    assertThat(tree.lastOutput).as(command).contains("Read-only file system");
                }
            }
            assertThat(tree.shell("echo x > m/github/token")).isNotZero();
            assertThat(tree.lastOutput).contains("Read-only file system");
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    @Test
    void daemonItselfMayTouchAFileWithARefreshWindow() throws Exception {
        try (Mount mount = tree.mount(Map.of("/" + MountedTree.TOKEN, Duration.ofHours(1)))) {
            FileTime before = Files.getLastModifiedTime(tree.token());
            Files.setLastModifiedTime(tree.token(), FileTime.fromMillis(0));
            assertThat(Files.getLastModifiedTime(tree.token())).isEqualTo(before);
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    @Test
    void stoppingLeavesNothing() throws Exception {
        Mount mount = tree.mount(Map.of());
        assertThat(MountEntry.at(tree.mountpoint)).isNotNull();
        assertThat(MountEntry.holding(tree.root).shared()).isTrue();
        mount.close();
        assertThat(mount.awaitEnd()).isEqualTo(MountEnd.STOPPED);
        assertThat(MountEntry.at(tree.mountpoint)).isNull();
        assertThat(ProcessHandle.current().children().filter(ProcessHandle::isAlive))
                .isEmpty();
        assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("credfs-fuse"));
        assertThat(tree.notices).isEmpty();
    }

    @Test
    void busyMountNamesItsHolderAndGoesAfterThePatience() throws Exception {
        Mount mount = tree.mount(Map.of());
        Process holder = new ProcessBuilder("/bin/sleep", "60")
                .directory(tree.mountpoint.toFile())
                .start();
        try {
            mount.stop(Duration.ofMillis(100));
            assertThat(tree.notices).singleElement().asString().contains("pid " + holder.pid() + " (sleep) cwd");
            assertThat(MountEntry.at(tree.mountpoint)).isNull();
        } finally {
            holder.destroyForcibly().waitFor();
        }
    }

    @ParameterizedTest
    @CsvSource({"fusermount -u m", "umount m", "umount -l m"})
    void unmountFromOutsideEndsTheMount(String command) throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(tree.shell(command)).as(tree.lastOutput).isZero();
            assertThat(mount.awaitEnd()).isEqualTo(MountEnd.UNMOUNTED_OUTSIDE);
        }
    }

    @Test
    void secondMountAtTheSamePlaceNamesTheFirst() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            refused(
                    Failure.NOT_MOUNTED,
                    "already mounted by credfs, pid " + ProcessHandle.current().pid());
            Files.delete(tree.root.resolve(".m.lock"));
            refused(
                    Failure.NOT_MOUNTED,
                    "already mounted by credfs, pid " + ProcessHandle.current().pid());
            assertThat(mount.mountpoint()).isDirectory();
        }
    }

    @Test
    void foreignMountIsRefusedWithItsTypeAndSource() throws Exception {
        assertThat(tree.shell("mount -t tmpfs somebody m")).isZero();
        refused(Failure.CONFIGURATION_INVALID, "taken by a mount of type tmpfs from somebody");
        assertThat(tree.shell("umount m")).isZero();
    }

    @Test
    void mountpointThatIsNoEmptyDirectoryIsRefused() throws Exception {
        Files.delete(tree.mountpoint);
        refused(Failure.CONFIGURATION_INVALID, "does not exist");
        Files.createFile(tree.mountpoint);
        refused(Failure.CONFIGURATION_INVALID, "is not a directory");
        Files.delete(tree.mountpoint);
        Files.createSymbolicLink(tree.mountpoint, Path.of("/mnt"));
        refused(Failure.CONFIGURATION_INVALID, "is a symbolic link");
        Files.delete(tree.mountpoint);
        Files.createDirectories(tree.mountpoint.resolve("x"));
        refused(Failure.CONFIGURATION_INVALID, "is not empty");
        assertThat(tree.shell("chmod 1777 .")).isZero();
        refused(Failure.CONFIGURATION_INVALID, "sticky");
        assertThat(tree.shell("chmod 0777 .")).isZero();
        refused(Failure.CONFIGURATION_INVALID, "anyone can write");
    }

    @Test
    void refusalsOfTheMintReachTheKernelAsTheirErrno() throws Exception {
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(Native.LIBC.open(mount.mountpoint() + "/github/none", Native.O_RDONLY))
                    .isEqualTo(-1);
            assertThat(Native.lastErrno()).isEqualTo(Native.ENOENT);
            assertThat(tree.record).noneMatch(AuditEvent.Fault.class::isInstance);
        }
    }

    private void refused(Failure failure, String message) {
        assertThatThrownBy(() -> tree.mount(Map.of()))
                .isInstanceOfSatisfying(
                        MountException.class, e -> assertThat(e.failure()).isEqualTo(failure))
                .hasMessageContaining(message);
    }
}
