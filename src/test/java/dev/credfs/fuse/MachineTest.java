package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Machines that lack something, each made in a mount namespace of its own, and daemons that were killed. */
@Timeout(60)
final class MachineTest {
    private static final String JAVA = System.getProperty("java.home")
            + "/bin/java -Xshare:auto -XX:TieredStopAtLevel=1 " + "-Dfile.encoding=UTF-8 -cp '"
            + System.getProperty("java.class.path") + "' " + MountOnce.class.getName();

    private static final String BARE_DEV =
            "mount -t tmpfs -o dev none /dev && mknod /dev/urandom c 1 9 && mknod /dev/random c 1 8";

    /** Another user, who may still read where the build keeps its classes. */
    private static final String NOBODY =
            "setpriv --reuid 65534 --clear-groups --inh-caps +dac_read_search --ambient-caps +dac_read_search ";

    private MountedTree tree;

    @BeforeEach
    void makeTree() throws IOException {
        tree = new MountedTree();
    }

    @AfterEach
    void removeTree() throws IOException, InterruptedException {
        tree.remove();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                BARE_DEV + " | /dev/fuse does not exist",
                BARE_DEV + " && mknod /dev/fuse c 10 222 | the kernel has no driver behind /dev/fuse",
                "mount --bind /dev/null $(readlink -f /lib/*/libfuse.so.2) | install the package libfuse2",
                "mount --bind /dev/null $(readlink -f /bin/fusermount) | install the package fuse3",
            })
    void machineThatLacksSomethingIsToldWhat(String lack, String message) throws Exception {
        assertThat(tree.shell("unshare -m sh -c '" + lack.replace("'", "'\\''") + " && exec \"$@\"' sh " + JAVA + " "
                        + tree.mountpoint + " " + tree.root + "/outcome"))
                .as(tree.lastOutput)
                .isZero();
        assertThat(Files.readString(tree.root.resolve("outcome")))
                .startsWith("NOT_MOUNTED: ")
                .contains(message);
    }

    @Test
    void userNeedsUserAllowOtherAndPermission() throws Exception {
        String mount = NOBODY + JAVA + " " + tree.mountpoint + " " + tree.root;
        assertThat(tree.shell("chown -R 65534 . && " + mount + "/outcome allow_other; " + mount + "/second"))
                .as(tree.lastOutput)
                .isZero();
        assertThat(Files.readString(tree.root.resolve("outcome")))
                .contains("allow_other needs the line user_allow_other");
        assertThat(Files.readString(tree.root.resolve("second"))).contains("no permission to open /dev/fuse");
    }

    /** The helper that would clean up is killed with it, as by a supervisor that kills the whole control group. */
    @Test
    void deadMountOfOursIsClearedAtStart() throws Exception {
        Process daemon = new ProcessBuilder(
                        "/bin/sh", "-c", "exec " + JAVA + " " + tree.mountpoint + " " + tree.root + "/outcome")
                .inheritIO()
                .start();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        Path outcome = tree.root.resolve("outcome");
        while (!(Files.exists(outcome) && Files.size(outcome) > 0) && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertThat(Files.readString(outcome)).isEqualTo("ready\n");
        daemon.children().forEach(helper -> Native.LIBC.kill((int) helper.pid(), Native.SIGKILL));
        daemon.destroyForcibly().waitFor();
        MountEntry dead = MountEntry.at(tree.mountpoint);
        assertThat(dead).isNotNull();
        assertThat(Native.LIBC.open(tree.token().toString(), Native.O_RDONLY)).isEqualTo(-1);
        assertThat(Native.lastErrno()).isIn(Native.ENOTCONN, Native.ECONNABORTED);
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(Files.readString(tree.token())).isNotEmpty();
            assertThat(mount.recovered())
                    .containsExactly("cleared the dead mount at " + tree.mountpoint + " of pid " + daemon.pid());
        }
        assertThat(MountEntry.at(tree.mountpoint)).isNull();
        try (Mount mount = tree.mount(Map.of())) {
            assertThat(mount.recovered()).isEmpty();
        }
    }
}
