package dev.credfs.procfs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Gid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that exit, exec and take over each other's number while they are being identified. Needs root and gcc. */
final class RaceTest {
    /** Below the usual {@code pid_max} of 32,768 and far from where a busy machine counts. */
    private static final int NUMBER = 31_003;

    private static final int ROUNDS = 10_000;

    @TempDir
    private Path directory;

    private final List<Path> cgroups = new ArrayList<>();
    private Path cgroupA;
    private Path cgroupB;

    @BeforeEach
    void build() throws Exception {
        Path source = directory.resolve("race.c");
        try (InputStream resource = Objects.requireNonNull(RaceTest.class.getResourceAsStream("race.c"))) {
            Files.copy(resource, source);
        }
        Path a = directory.resolve("a");
        run("gcc", "-O1", "-o", a.toString(), source.toString());
        // The same file under another name: that the number changed hands then shows in the last look and in nothing
        // else.
        Files.createLink(directory.resolve("b"), a);
        Files.copy(a, directory.resolve("c"), StandardCopyOption.COPY_ATTRIBUTES);
        Path unified = Path.of("/sys/fs/cgroup/unified");
        Path root = Files.isDirectory(unified) ? unified : Path.of("/sys/fs/cgroup");
        Path runc = root.resolve("runc");
        if (!Files.exists(runc)) {
            cgroups.add(Files.createDirectory(runc));
        }
        String own = "race-" + ProcessHandle.current().pid();
        cgroupA = Files.createDirectory(runc.resolve(own + "-a"));
        cgroupB = Files.createDirectory(runc.resolve(own + "-b"));
        cgroups.add(cgroupA);
        cgroups.add(cgroupB);
    }

    @AfterEach
    void removeCgroups() throws IOException {
        for (int i = cgroups.size() - 1; i >= 0; i--) {
            Files.delete(cgroups.get(i));
        }
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor()).as(String.join(" ", command)).isZero();
    }

    private Process race(int rounds, int fileSystemId) throws IOException {
        return new ProcessBuilder(
                        directory.resolve("a").toString(),
                        "lead",
                        Integer.toString(NUMBER),
                        Integer.toString(rounds),
                        cgroupA.toString(),
                        directory.resolve("b").toString(),
                        cgroupB.toString(),
                        directory.resolve("c").toString(),
                        Integer.toString(fileSystemId))
                .inheritIO()
                .start();
    }

    /** What came of all attempts: how many were refused, and which answers there were. */
    private static final class Tally {
        private int a;
        private int b;
        private int c;
        private int refused;
        private final List<String> wrong = new ArrayList<>();

        @Override
        public String toString() {
            return "a " + a + " b " + b + " c " + c + " refused " + refused + " wrong " + wrong.size();
        }
    }

    /** One process, whole: the program, the file that it is, and the container that its siblings were born in. */
    private boolean is(Caller caller, String program, Path cgroup) throws IOException {
        Path file = directory.resolve(program);
        return caller.executable().path().equals(file.toString())
                && Files.getAttribute(file, "unix:ino")
                        .equals(caller.executable().inode())
                && caller.container().id().equals(cgroup.getFileName().toString());
    }

    private void attempt(Processes processes, long id, Predicate<String> possible, Tally tally) throws IOException {
        Caller caller;
        try {
            caller = processes.identify(NUMBER, new Uid(id), new Gid(id));
        } catch (RefusedException e) {
            tally.refused++;
            return;
        }
        if (is(caller, "a", cgroupA) && possible.test("a")) {
            tally.a++;
        } else if (is(caller, "c", cgroupA) && possible.test("c")) {
            tally.c++;
        } else if (is(caller, "b", cgroupB) && possible.test("b")) {
            tally.b++;
        } else if (caller.container().id().startsWith("race-")
                || caller.executable().path().startsWith(directory.toString())) {
            tally.wrong.add(caller.toString());
        }
    }

    @Test
    void noDecisionIsMadeOfTwoProcesses() throws Exception {
        Tally tally = new Tally();
        Process race = race(ROUNDS, 0);
        try (Processes remembering = new Processes(Path.of("/proc"))) {
            for (int i = 0; race.isAlive(); i++) {
                if (i % 2 == 0) {
                    attempt(remembering, 0, any -> true, tally);
                } else {
                    try (Processes fresh = new Processes(Path.of("/proc"))) {
                        attempt(fresh, 0, any -> true, tally);
                    }
                }
            }
        } finally {
            race.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        assertThat(race.exitValue()).isZero();
        assertThat(tally.wrong).as(tally.toString()).isEmpty();
        assertThat(tally.a).isGreaterThan(ROUNDS / 10);
        assertThat(tally.b).isGreaterThan(ROUNDS / 10);
        assertThat(tally.c).isPositive();
        assertThat(tally.refused).isGreaterThan(ROUNDS / 10);
    }

    @Test
    void numberTakenOverByAnotherUserIsNotTheOneWhoAsked() throws Exception {
        Tally asA = new Tally();
        Tally asB = new Tally();
        Process race = race(ROUNDS / 5, 1000);
        try (Processes processes = new Processes(Path.of("/proc"))) {
            while (race.isAlive()) {
                attempt(processes, 0, program -> !program.equals("b"), asA);
                attempt(processes, 1000, program -> program.equals("b"), asB);
            }
        } finally {
            race.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        assertThat(race.exitValue()).isZero();
        assertThat(asA.wrong).isEmpty();
        assertThat(asB.wrong).isEmpty();
        assertThat(asA.a).isPositive();
        assertThat(asB.b).isPositive();
    }
}
