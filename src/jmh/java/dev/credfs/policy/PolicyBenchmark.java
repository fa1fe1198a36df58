package dev.credfs.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A decision by many rules of all kinds, about another caller each time: one that the last rule allows, and one that none does. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class PolicyBenchmark {
    private static final int CALLERS = 4096;

    @Param({"1000", "100000"})
    public int rules;

    private Policy policy = new Policy(List.of());
    private final List<Caller> allowed = new ArrayList<>();
    private final List<Caller> refused = new ArrayList<>();
    private int next;

    @Setup
    public void build() {
        List<Rule> all = new ArrayList<>();
        for (int i = 0; i < rules; i++) {
            all.add(new Rule(List.of(condition(i)), Narrowing.NONE));
        }
        policy = new Policy(all);
        for (int i = 0; i < CALLERS; i++) {
            int rule = (int) ((long) i * rules / CALLERS);
            allowed.add(caller(100_000 + rule, rule, new Container("c" + rule + "-7")));
            refused.add(caller(1, 1, new Container("nobody-" + i)));
        }
    }

    private static Condition condition(int i) {
        return switch (i % 4) {
            case 0 -> new Condition.HasUid(new Uid(100_000 + i));
            case 1 -> new Condition.InContainer(new ContainerGlob("c" + i + "-*"));
            case 2 -> new Condition.HasGid(new Gid(i));
            default -> new Condition.InContainer(new ContainerGlob("c" + i + "-7"));
        };
    }

    private static Caller caller(long uid, long gid, Container container) {
        return new Caller(
                new Tid(7),
                new Pid(7),
                1007,
                new Uid(uid),
                new Gid(gid),
                new Executable("/usr/bin/cat", 1, 2),
                "0::/x\n",
                4_026_531_837L,
                container);
    }

    private Caller nextOf(List<Caller> callers) {
        next = (next + 1) % CALLERS;
        return callers.get(next);
    }

    @Benchmark
    public Verdict allowed() {
        return policy.decide(nextOf(allowed));
    }

    @Benchmark
    public Verdict refused() {
        return policy.decide(nextOf(refused));
    }
}
