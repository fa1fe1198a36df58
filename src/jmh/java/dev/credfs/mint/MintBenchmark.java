package dev.credfs.mint;

import dev.credfs.policy.Caller;
import dev.credfs.policy.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Open, read and release without kernel, identification and disk: deciding, attenuating, rendering, the event. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class MintBenchmark {
    private final Caller caller = Fixture.onHost(7, 1000);
    private final Mint mint = new Mint(
            Directory.of(Map.of("f", Fixture.file("/f", Duration.ofMinutes(5), Fixture.ANYBODY))),
            event -> {},
            InstantSource.system(),
            new SecureRandom(),
            16_384);

    @Benchmark
    public Slice openReadRelease() throws RefusedException {
        FileHandle handle = mint.open("/f", caller);
        Slice slice = mint.read(handle, caller, 0, 4096);
        mint.release(handle);
        return slice;
    }
}
