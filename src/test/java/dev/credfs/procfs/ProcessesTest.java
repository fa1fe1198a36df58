package dev.credfs.procfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A prepared {@code /proc}: what hostile or damaged content of each file leads to. */
final class ProcessesTest {
    private static final Uid UID = new Uid(1000);
    private static final Gid GID = new Gid(1001);
    private static final String NAMESPACE = "user:[4026531837]";
    private static final String STAT = " S 1 77 77 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 ";
    private static final String STAT_END =
            " 1000 2000 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    @TempDir
    private Path proc;

    private Path program;
    private final AtomicLong nanos = new AtomicLong(5);
    private Processes processes;

    @BeforeEach
    void oneProcess() throws IOException {
        program = Files.createFile(proc.resolve("program"));
        task(77, "agent");
        processes = new Processes(proc, ContainerPatterns.known(), nanos::get);
    }

    @AfterEach
    void release() {
        processes.close();
    }

    private void task(int tid, String name) throws IOException {
        Files.createDirectories(proc.resolve(tid + "/ns"));
        write(tid, "stat", stat(tid, name, 4711));
        write(tid, "status", status(tid));
        write(tid, "oom_score_adj", "0\n");
        write(tid, "cgroup", "1:cpu:/\n0::/user.slice\n");
        Files.createSymbolicLink(proc.resolve(tid + "/exe"), program);
        Files.createSymbolicLink(proc.resolve(tid + "/ns/user"), Path.of(NAMESPACE));
    }

    private static String stat(int tid, String name, long startTicks) {
        return tid + " (" + name + ")" + STAT + startTicks + STAT_END;
    }

    private static String status(int tgid) {
        return "Name:\tagent\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t" + tgid + "\nNgid:\t0\nPid:\t77\nPPid:\t1\n"
                + "TracerPid:\t0\nUid:\t0\t0\t0\t1000\nGid:\t0\t0\t0\t1001\nFDSize:\t64\n"
                + "voluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t0\n";
    }

    private void write(int tid, String file, String content) throws IOException {
        Files.writeString(proc.resolve(tid + "/" + file), content, StandardCharsets.ISO_8859_1);
    }

    private void replace(String file, String what, String by) throws IOException {
        String content = Files.readString(proc.resolve("77/" + file));
        assertThat(content).contains(what);
        write(77, file, content.replace(what, by));
    }

    private Caller identify() throws RefusedException {
        return processes.identify(77, UID, GID);
    }

    private void refusedBecause(String doubt) {
        assertThatThrownBy(this::identify).isInstanceOfSatisfying(RefusedException.class, refused -> {
            assertThat(refused.failure()).isEqualTo(Failure.CALLER_REFUSED);
            assertThat(refused.why()).contains(doubt).doesNotContain("\n");
        });
    }

    @Test
    void callerIsWhatTheFilesSay() throws Exception {
        Caller caller = identify();

        assertThat(caller.pid()).isEqualTo(new Pid(77));
        assertThat(caller.startTicks()).isEqualTo(4711);
        assertThat(caller.uid()).isEqualTo(UID);
        assertThat(caller.gid()).isEqualTo(GID);
        assertThat(caller.executable().path()).isEqualTo(program.toString());
        assertThat(caller.executable().inode()).isEqualTo(Files.getAttribute(program, "unix:ino"));
        assertThat(caller.executable().device()).isEqualTo(Files.getAttribute(program, "unix:dev"));
        assertThat(caller.cgroup()).isEqualTo("1:cpu:/\n0::/user.slice\n");
        assertThat(caller.userNamespace()).isEqualTo(4026531837L);
        assertThat(caller.container()).isEqualTo(Container.HOST);
    }

    @Test
    void threadHasTheStartTicksOfItsProcess() throws Exception {
        task(70, "leader");
        write(70, "stat", stat(70, "leader", 4000).replace(" S 1", " Z 1"));
        write(77, "status", status(70));

        Caller caller = identify();

        assertThat(caller.tid().number()).isEqualTo(77);
        assertThat(caller.pid()).isEqualTo(new Pid(70));
        assertThat(caller.startTicks()).isEqualTo(4000);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void callerOfAForeignPidNamespaceIsRefused(int tid) {
        assertThatThrownBy(() -> processes.identify(tid, UID, GID))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("foreign pid namespace");
    }

    @ParameterizedTest
    @ValueSource(strings = {") R 1 (", "a) Z 1 (b", "a\nb", "((((", "))))", "", " ", "77 (x", "\t\0"})
    void nameOfAProcessSaysNothing(String name) throws Exception {
        write(77, "stat", stat(77, name, 4711));

        assertThat(identify().startTicks()).isEqualTo(4711);
    }

    @Test
    void nameCannotGiveAnotherStart() throws Exception {
        write(77, "stat", stat(77, "x)" + STAT + "1" + " (", 4711));

        assertThat(identify().startTicks()).isEqualTo(4711);
    }

    @Test
    void everyCutOfAStatFileIsRefused() throws Exception {
        String whole = stat(77, "agent", 4711);
        for (int length = 0; length < whole.length(); length++) {
            write(77, "stat", whole.substring(0, length));
            refusedBecause("stat file is");
        }
    }

    @Test
    void everyCutOfAStatusFileIsRefused() throws Exception {
        String whole = status(77);
        for (int length = 0; length < whole.length(); length++) {
            write(77, "status", whole.substring(0, length));
            refusedBecause("status file");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "stat   | 77 (agent)            | 78 (agent)              | of another task",
                "stat   | ' S 1 '               | ' Z 1 '                 | has exited, or is about to",
                "stat   | ' S 1 '               | ' X 1 '                 | has exited, or is about to",
                "stat   | ' 4194560 '           | ' 4194564 '             | has exited, or is about to",
                "stat   | ' 4194560 '           | ' x '                   | not understood",
                "stat   | ' 4711 '              | ' -1 '                  | not understood",
                "stat   | ' 4711 '              | ' 99999999999999999999 '| not understood",
                "stat   | ' S 1 '               | '  S 1 '                | stat file",
                "status | 'TracerPid:\t0'       | 'TracerPid:\t9'         | traced by process 9",
                "status | TracerPid             | Tracer                  | no line TracerPid",
                "status | Umask                 | 'Uid:\t0\t0\t0\t1000\nX'| two lines Uid",
                "status | 'Uid:\t0\t0\t0\t1000' | 'Uid:\t1000\t1000\t1000\t0' | of uid 0",
                "status | 'Gid:\t0\t0\t0\t1001' | 'Gid:\t1001\t1001\t1001\t7' | gid 7",
                "status | 'Uid:\t0\t0\t0\t1000' | 'Uid:\t0 0 0 1000'      | not understood",
                "status | 'Tgid:\t77'           | 'Tgid:\t076x'           | not understood",
                "status | 'Tgid:\t77'           | 'Tgid:\t0'              | not understood",
                "status | 'Tgid:\t77'           | 'Tgid:\t4294967373'     | not understood",
                "cgroup | '0::/user.slice\n'    | '0::/user.slice'        | cut off",
                "cgroup | '0::/user.slice'      | '0:/user.slice'         | not understood",
                "cgroup | '0::/user.slice'      | '0::user.slice'         | not understood",
                "cgroup | '0::/user.slice'      | '0::/../x'              | outside the cgroup namespace",
                "cgroup | '0::/user.slice'      | '0::/..'                | outside the cgroup namespace",
                "cgroup | '0::/user.slice'      | '0::/a (deleted)'       | removed",
            })
    void doubtIsNamed(String file, String what, String by, String doubt) throws Exception {
        replace(file, what.replace("\\n", "\n"), by);

        refusedBecause(doubt);
    }

    @Test
    void emptyCgroupFileIsRefused() throws Exception {
        write(77, "cgroup", "");

        refusedBecause("cgroup file is empty");
    }

    @ParameterizedTest
    @CsvSource({
        "oom_score_adj, hidepid",
        "stat, stat file cannot be read",
        "status, status file cannot be read",
        "cgroup, cgroup file cannot be read",
        "exe, no exe",
        "ns/user, no ns/user"
    })
    void missingFileIsRefused(String file, String doubt) throws Exception {
        Files.delete(proc.resolve("77/" + file));

        refusedBecause(doubt);
    }

    @ParameterizedTest
    @ValueSource(strings = {"user:[]", "user:[x]", "user:[1", "pid:[1]", "1"})
    void namespaceThatIsNotUnderstoodIsRefused(String link) throws Exception {
        Files.delete(proc.resolve("77/ns/user"));
        Files.createSymbolicLink(proc.resolve("77/ns/user"), Path.of(link));

        refusedBecause("ns/user file is not understood");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 0 0\n", "", "\n"})
    void taskThatHasNotBegunToRunIsRefused(String statistics) throws Exception {
        replace("status", "voluntary_ctxt_switches:\t3", "voluntary_ctxt_switches:\t0");
        write(77, "cgroup", "0::/\n");
        write(77, "schedstat", statistics);

        refusedBecause("has not begun to run");
    }

    @Test
    void taskThatNeverLeftAProcessorHasBegun() throws Exception {
        replace("status", "voluntary_ctxt_switches:\t3", "voluntary_ctxt_switches:\t0");
        write(77, "schedstat", "213000 0 1\n");

        assertThat(identify().container()).isEqualTo(Container.HOST);
    }

    @Test
    void taskThatMayNotHaveBegunIsRefused() throws Exception {
        replace("status", "voluntary_ctxt_switches:\t3", "voluntary_ctxt_switches:\t0");

        refusedBecause("schedstat file cannot be read");
    }

    @Test
    void programWithALineBreakInItsPathIsRefused() throws Exception {
        Path program = Files.createFile(proc.resolve("a\nb"));
        Files.delete(proc.resolve("77/exe"));
        Files.createSymbolicLink(proc.resolve("77/exe"), program);

        refusedBecause("control character");
    }

    @Test
    void cgroupFileWithoutEndIsRefused() throws Exception {
        write(77, "cgroup", ("0::/" + "x".repeat(4000) + "\n").repeat(20));

        refusedBecause("cgroup file is too long");
    }

    @Test
    void sameCallerIsAnsweredFromMemoryForOneSecond() throws Exception {
        Caller first = identify();
        write(77, "cgroup", "0::/docker/" + "a".repeat(64) + "\n");
        nanos.addAndGet(999_999_999);

        assertThat(identify()).isSameAs(first);

        nanos.addAndGet(1);
        assertThat(identify().container()).isEqualTo(new Container("a".repeat(64)));
    }

    @Test
    void otherProgramOfTheSameProcessIsNoticedAfterATenthOfAMillisecond() throws Exception {
        identify();
        nanos.addAndGet(100_000);
        Files.delete(proc.resolve("77/exe"));
        Path other = Files.createFile(proc.resolve("other"));
        Files.createSymbolicLink(proc.resolve("77/exe"), other);

        assertThat(identify().executable().path()).isEqualTo(other.toString());
    }

    @Test
    void otherUidOfTheSameProcessIsNoticedAtOnce() throws Exception {
        identify();

        assertThatThrownBy(() -> processes.identify(77, new Uid(0), GID)).hasMessageContaining("request is of uid 0");
        assertThatThrownBy(() -> processes.identify(77, UID, new Gid(0))).hasMessageContaining("gid 0");
    }

    @Test
    void laterProcessUnderTheSameNumberIsReadAnew() throws Exception {
        identify();
        // what a descriptor of /proc does when its task is gone: it answers nothing more
        write(77, "oom_score_adj", "");
        Files.delete(proc.resolve("77/oom_score_adj"));
        write(77, "oom_score_adj", "0\n");
        write(77, "stat", stat(77, "other", 5000));
        write(77, "cgroup", "0::/docker/" + "b".repeat(64) + "\n");

        assertThat(identify().startTicks()).isEqualTo(5000);
        assertThat(identify().container()).isEqualTo(new Container("b".repeat(64)));
    }

    @Test
    void descriptorsHeldAreBounded() throws Exception {
        for (int tid = 100; tid < 100 + 3 * Processes.REMEMBERED; tid++) {
            task(tid, "many");
            processes.identify(tid, UID, GID);
            identify();
        }
        assertThat(openBelowProc()).isEqualTo(Processes.REMEMBERED);

        nanos.addAndGet(2_000_000_000L);
        identify();
        assertThat(openBelowProc()).isEqualTo(1);

        processes.close();
        assertThat(openBelowProc()).isZero();
    }

    @Test
    void refusalLeavesNoDescriptorOpen() throws Exception {
        replace("status", "TracerPid:\t0", "TracerPid:\t9");
        for (int i = 0; i < 10; i++) {
            refusedBecause("traced");
        }
        assertThat(openBelowProc()).isZero();
    }

    private int openBelowProc() throws IOException {
        int open = 0;
        try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path descriptor : descriptors) {
                if (Files.isSymbolicLink(descriptor)
                        && Files.readSymbolicLink(descriptor).startsWith(proc)) {
                    open++;
                }
            }
        }
        return open;
    }
}
