package dev.credfs.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/** Records of mints in a file on the disk of the temporary directory, with the fsyncs that a daemon does. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class AuditBenchmark {
    private static final int GROUP = 64;

    private final AuditEvent event = Events.minted(1);
    private final List<AuditEvent> group = Collections.nCopies(GROUP, event);
    private Path directory = Path.of("");
    private FileAuditLog log;

    public AuditBenchmark() {
        try {
            directory = Files.createTempDirectory("credfs-jmh");
            log = FileAuditLog.open(
                    directory.resolve("audit.jsonl"), FileAuditLog.Options.standard(InstantSource.system()));
        } catch (IOException | AuditUnavailableException e) {
            throw new IllegalStateException(e);
        }
    }

    @Setup
    public void warm() throws AuditUnavailableException {
        log.append(event);
    }

    @TearDown
    public void remove() throws AuditUnavailableException, IOException {
        log.close();
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }

    @Benchmark
    public void append() throws AuditUnavailableException {
        log.append(event);
    }

    /** As records come to a log whose disk takes its time: one write for all of them. */
    @Benchmark
    @OperationsPerInvocation(GROUP)
    public boolean[] appendGroup() {
        return log.appendAll(group);
    }

    @Benchmark
    @Threads(4)
    public void appendFromFourThreads() throws AuditUnavailableException {
        log.append(event);
    }
}
