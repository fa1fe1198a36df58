package dev.credfs.procfs;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Who a child process is: read anew, and known from a moment ago. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class IdentifyBenchmark {
    private final Processes processes = new Processes(Path.of("/proc"));
    private final Process child;
    private final Caller caller;

    public IdentifyBenchmark() {
        try {
            child = new ProcessBuilder("sleep", "3600").start();
            caller = processes.identify(new Pid((int) child.pid()));
        } catch (IOException | RefusedException e) {
            throw new IllegalStateException(e);
        }
    }

    @TearDown
    public void end() {
        child.destroy();
        processes.close();
    }

    @Benchmark
    public Caller hot() throws RefusedException {
        return processes.identify(caller.tid().number(), caller.uid(), caller.gid());
    }

    @Benchmark
    public Caller cold() throws RefusedException {
        processes.close();
        return processes.identify(caller.tid().number(), caller.uid(), caller.gid());
    }
}
