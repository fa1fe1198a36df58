package dev.credfs.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The record as hash-chained JSON lines in a file, in the form that {@code src/docs/audit-log.md} lays down.
 *
 * <p>An appender puts its event into a queue. One of those who wait there is the <em>writer</em>: it takes all that is queued,
 * numbers and hashes it, looks whether the file is still the one at the path and as long as it was left, writes the lines with
 * one write(2), and wakes the others and the next writer. So a lone appender hands over to nobody, which would take longer than
 * the write, and many share one write. The <em>syncer</em>, a thread of its own, has the disk confirm what was written, a moment
 * later and for all at once, and then signs the head.
 *
 * <p>A write(2) on a sick disk can take for ever and cannot be called off. Whoever waits in the queue leaves at its deadline: its
 * event is dropped, or, when it is already being written, {@link LogEvent.Withdrawn}. The one that is in the write comes back
 * when the disk answers, and is refused then; whoever asked it has to be answered by somebody else meanwhile.
 */
public final class FileAuditLog implements AuditLog, AutoCloseable {

    /**
     * How long things may take.
     *
     * @param deadline how long an append may take
     * @param syncAfter how long after a write the disk is asked to confirm it
     * @param headEvery the period of the signed head
     * @param clock of the events that the log itself adds
     */
    public record Options(Duration deadline, Duration syncAfter, Duration headEvery, InstantSource clock) {
        /** An append within 900 ms, an fsync after 30 ms, a signed head each 10 s. */
        public static Options standard(InstantSource clock) {
            return new Options(Duration.ofMillis(900), Duration.ofMillis(30), Duration.ofSeconds(10), clock);
        }
    }

    private static final int LARGEST_BATCH_BYTES = 256 * 1024;
    private static final Duration LONGEST_SYNC = Duration.ofSeconds(2);
    private static final Duration SYNC_RETRY = Duration.ofMillis(200);
    private static final Duration TRIED_LATELY = Duration.ofSeconds(5);
    private static final Duration LONGEST_CLOSE = Duration.ofSeconds(4);
    private static final Duration CLOSE_RETRY = Duration.ofMillis(1);

    /** Has the file looked at without a line for it. */
    private static final byte[] NO_EVENT = new byte[0];

    private enum State {
        QUEUED,
        TAKEN,
        WRITTEN,
        FAILED,
        /** The appender left before the writer came: nothing will be written. */
        DROPPED,
        /** The appender left while the writer wrote. */
        LATE
    }

    /** An event on its way to the file, and the thread that waits for it. */
    private static final class Pending {
        final byte[] event;
        final @Nullable Thread appender;
        final AtomicReference<State> state = new AtomicReference<>(State.QUEUED);

        @Nullable
        AuditUnavailableException problem;

        /** Of its line; 0 as long as there is none. */
        long seq;

        Pending(byte[] event, @Nullable Thread appender) {
            this.event = event;
            this.appender = appender;
        }
    }

    /** A line in the buffer: where it ends, where the chain stands with it, and who waits for it. */
    private record Line(
            int end, Position position, @Nullable Pending pending) {}

    private final Path path;
    private final Options options;
    private final LogLock lock;
    private final HeadFile headFile;
    private final Thread syncer;

    private final Queue<Pending> queue = new ConcurrentLinkedQueue<>();
    /** What the log itself has to say, from other threads than the writer. */
    private final Queue<AuditEvent> remarks = new ConcurrentLinkedQueue<>();
    /** True while somebody is the writer; for ever, once the log is closed. */
    private final AtomicBoolean hasWriter = new AtomicBoolean();

    private volatile boolean closing;
    private volatile boolean closed;
    private volatile boolean writing;
    private volatile long writingSinceNanos;

    // The writer's own.
    private final LineBuffer buffer = new LineBuffer();
    private final List<Line> lines = new ArrayList<>();
    private final List<Pending> batch = new ArrayList<>();
    private final Deque<AuditEvent> notes = new ArrayDeque<>();

    // Written by the writer, read by all.
    private volatile LogFile file;
    private volatile Position written;
    private volatile String writeProblem = "";
    private volatile long writeFailedNanos;

    // Between the writer and the syncer.
    private final Queue<LogFile> retired = new ConcurrentLinkedQueue<>();
    private volatile boolean dirty;
    private volatile boolean directoryDirty;
    private volatile boolean syncing;
    private volatile long syncingSinceNanos;
    private volatile Position synced;
    private volatile String syncProblem = "";
    private volatile String headProblem = "";

    private FileAuditLog(Path path, Options options, LogLock lock, HeadFile headFile, LogFile file) throws IOException {
        this.path = path;
        this.options = options;
        this.lock = lock;
        this.headFile = headFile;
        this.file = file;
        Position last = file.readTail();
        this.written = resume(last);
        this.synced = last == null ? Position.START : last;
        this.directoryDirty = true;
        this.syncer = new Thread(this::sync, "credfs-audit-sync");
        syncer.setDaemon(true);
    }

    /**
     * Opens the log at {@code path} for this process alone, and goes on where it ends. Beside it stand {@code <path>.lock},
     * {@code <path>.head}, {@code <path>.key} and {@code <path>.pub}; the directory must exist.
     *
     * @throws AuditUnavailableException if another process has it, or it cannot be read and written
     */
    public static FileAuditLog open(Path path, Options options) throws AuditUnavailableException {
        Path absolute;
        try {
            Path given = path.toAbsolutePath().normalize();
            Path directory = given.getParent();
            if (directory == null) {
                throw new AuditUnavailableException("the audit log " + path + " is a directory: name a file in it");
            }
            absolute = directory.toRealPath().resolve(given.getFileName());
        } catch (IOException e) {
            throw new AuditUnavailableException(
                    "the directory of the audit log " + path + " cannot be used: " + Problems.of(e), e);
        }
        LogLock lock = LogLock.of(absolute);
        boolean opened = false;
        try {
            HeadFile headFile = HeadFile.beside(absolute);
            LogFile file = LogFile.open(absolute);
            try {
                FileAuditLog log = new FileAuditLog(absolute, options, lock, headFile, file);
                log.syncer.start();
                opened = true;
                return log;
            } finally {
                if (!opened) {
                    file.close();
                }
            }
        } catch (IOException e) {
            throw new AuditUnavailableException(
                    "the audit log " + absolute + " cannot be opened: " + Problems.of(e), e);
        } finally {
            if (!opened) {
                releaseQuietly(lock);
            }
        }
    }

    /** Does for each event what a record takes, but for the file, and keeps nothing: for code that is to be warm. */
    public static AuditLog rehearsal() {
        LineBuffer lines = new LineBuffer();
        return event -> {
            lines.clear();
            lines.add(Position.START, EventJson.write(event));
        };
    }

    private static void releaseQuietly(LogLock lock) {
        try {
            lock.release();
        } catch (IOException e) {
            // What went wrong before is being thrown, and says more.
        }
    }

    /** Where the chain goes on: after the last line, or after the record that the signed head names if that is further. */
    private Position resume(@Nullable Position last) {
        Position end = last == null ? Position.START : last;
        if (file.torn().length > 0) {
            notes.add(tornTail(file.torn()));
        }
        Position signed;
        try {
            signed = headFile.read();
        } catch (IOException e) {
            notes.add(new AuditEvent.Recovered(
                    options.clock().instant(), "the signed head could not be used: " + Problems.of(e)));
            return end;
        }
        if (signed.seq() < end.seq() || signed.equals(end)) {
            return end;
        }
        LogEvent.Break reason = last == null ? LogEvent.Break.ABSENT : LogEvent.Break.CUT;
        notes.add(new LogEvent.Continued(
                options.clock().instant(),
                reason,
                "the signed head names record " + signed.seq() + ", the file ended at record " + end.seq()));
        return signed;
    }

    private LogEvent.TornTail tornTail(byte[] torn) {
        return new LogEvent.TornTail(
                options.clock().instant(), torn.length, LineHash.of(torn).toString());
    }

    @Override
    public void append(AuditEvent event) throws AuditUnavailableException {
        refuseIfStuck();
        submit(EventJson.write(event));
    }

    @Override
    public boolean[] appendAll(List<AuditEvent> events) {
        boolean[] written = new boolean[events.size()];
        if (!stuck().isEmpty()) {
            return written;
        }
        List<Pending> pendings = new ArrayList<>(events.size());
        for (AuditEvent event : events) {
            pendings.add(new Pending(EventJson.write(event), Thread.currentThread()));
        }
        long start = System.nanoTime();
        queue.addAll(pendings);
        for (int i = 0; i < written.length; i++) {
            try {
                requireWritten(pendings.get(i), start);
                written[i] = true;
            } catch (AuditUnavailableException e) {
                written[i] = false;
            }
        }
        return written;
    }

    /**
     * Goes on in a new file if the old one was renamed; for SIGHUP. (The next append would, too.) When it returns, nothing
     * more is written to the old one.
     */
    public void reopen() throws AuditUnavailableException {
        submit(NO_EVENT);
    }

    private void refuseIfStuck() throws AuditUnavailableException {
        String stuck = stuck();
        if (!stuck.isEmpty()) {
            throw unavailable(stuck);
        }
    }

    /** Why nothing is taken before it is even tried; empty where it is tried. */
    private String stuck() {
        if (!syncProblem.isEmpty()) {
            return syncProblem;
        }
        long now = System.nanoTime();
        if (writing && now - writingSinceNanos > options.deadline().toNanos()) {
            return noAnswer("a write", now - writingSinceNanos);
        }
        if (syncing && now - syncingSinceNanos > LONGEST_SYNC.toNanos()) {
            return noAnswer("an fsync", now - syncingSinceNanos);
        }
        return "";
    }

    private static String noAnswer(String call, long nanos) {
        return "the disk has not answered " + call + " for " + TimeUnit.NANOSECONDS.toMillis(nanos) + " ms";
    }

    private AuditUnavailableException unavailable(String problem) {
        return new AuditUnavailableException("the audit log " + path + " cannot be written: " + problem);
    }

    private void submit(byte[] event) throws AuditUnavailableException {
        Pending pending = new Pending(event, Thread.currentThread());
        long start = System.nanoTime();
        queue.add(pending);
        requireWritten(pending, start);
    }

    private void requireWritten(Pending pending, long start) throws AuditUnavailableException {
        State state = await(pending, start);
        long took = System.nanoTime() - start;
        if (state == State.WRITTEN && took <= options.deadline().toNanos()) {
            return;
        }
        if (state == State.WRITTEN) {
            withdraw(pending);
        }
        AuditUnavailableException problem = pending.problem;
        throw state == State.FAILED && problem != null
                ? unavailable(String.valueOf(problem.getMessage()))
                : unavailable(noAnswer("a write", took));
    }

    private State await(Pending pending, long start) throws AuditUnavailableException {
        long deadline = options.deadline().toNanos();
        boolean interrupted = false;
        try {
            while (true) {
                State state = pending.state.get();
                if (state == State.WRITTEN || state == State.FAILED) {
                    return state;
                }
                if (closed && pending.state.compareAndSet(State.QUEUED, State.DROPPED)) {
                    throw unavailable("it is closed");
                }
                if (writeIfNobodyDoes()) {
                    continue;
                }
                long waited = System.nanoTime() - start;
                if (waited < deadline) {
                    // Spinning first was tried: on two cores it takes the writer's, and an append took three times as
                    // long.
                    LockSupport.parkNanos(this, deadline - waited);
                    // An interrupt would make each park return at once; it is kept for the caller.
                    interrupted |= Thread.interrupted();
                } else if (pending.state.compareAndSet(State.QUEUED, State.DROPPED)) {
                    queue.remove(pending);
                    // It may have been woken to write, and leaves without.
                    wakeNextWriter();
                    return State.DROPPED;
                } else if (pending.state.compareAndSet(State.TAKEN, State.LATE)) {
                    return State.LATE;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Becomes the writer for one batch, or returns false where there is one. */
    private boolean writeIfNobodyDoes() {
        if (!hasWriter.compareAndSet(false, true)) {
            return false;
        }
        // A channel is closed under the thread that is interrupted in it, and the log with it.
        boolean interrupted = Thread.interrupted();
        try {
            write();
        } finally {
            hasWriter.set(false);
            wakeNextWriter();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        return true;
    }

    private void wakeNextWriter() {
        Pending next = queue.peek();
        if (next != null) {
            LockSupport.unpark(next.appender);
        }
    }

    /** What is written goes into the file with the next event at the latest. */
    private void remark(AuditEvent event) {
        remarks.add(event);
        writeIfNobodyDoes();
    }

    private void withdraw(Pending pending) {
        if (pending.seq > 0) {
            remark(new LogEvent.Withdrawn(options.clock().instant(), pending.seq));
        }
    }

    private void write() {
        writingSinceNanos = System.nanoTime();
        writing = true;
        try {
            takeBatch();
            if (!batch.isEmpty() || !notes.isEmpty()) {
                writeBatch();
            }
            batch.clear();
            if (!notes.isEmpty()) {
                writeBatch();
            }
        } catch (IOException | RuntimeException | Error e) {
            // Whatever it was, the next event must find a log that works; nothing is handed out for this one.
            fail(describe(e));
        } finally {
            writing = false;
        }
    }

    private void takeBatch() {
        batch.clear();
        for (AuditEvent remark = remarks.poll(); remark != null; remark = remarks.poll()) {
            notes.add(remark);
        }
        int bytes = 0;
        Pending next;
        while (bytes < LARGEST_BATCH_BYTES && (next = queue.poll()) != null) {
            if (next.state.compareAndSet(State.QUEUED, State.TAKEN)) {
                batch.add(next);
                bytes += next.event.length;
            }
        }
    }

    private void writeBatch() throws IOException {
        settle();
        buffer.clear();
        lines.clear();
        Position position = written;
        if (file.needsNewline()) {
            buffer.newline();
        }
        for (AuditEvent note : notes) {
            position = buffer.add(position, EventJson.write(note));
            lines.add(new Line(buffer.length(), position, null));
        }
        for (Pending pending : batch) {
            if (pending.event.length > 0) {
                position = buffer.add(position, pending.event);
            }
            lines.add(new Line(buffer.length(), position, pending));
        }
        ByteBuffer bytes = buffer.asByteBuffer();
        try {
            if (bytes.hasRemaining()) {
                file.write(bytes);
            }
        } catch (IOException e) {
            keepWholeLines(bytes.position());
            throw e;
        }
        finish(lines.size());
    }

    /** Looks whether the file is still the one at the path, as long as we left it, and takes another one if not. */
    private void settle() throws IOException {
        LogFile old = file;
        long actual = old.bytesInPlace();
        if (actual == LogFile.ELSEWHERE) {
            moveTo(LogFile.open(path));
            return;
        }
        long expected = old.expectedBytes();
        if (actual != expected) {
            old.acceptAsItIs();
            notes.removeIf(note -> note instanceof LogEvent.TornTail);
            notes.addFirst(new LogEvent.Continued(
                    options.clock().instant(),
                    actual < expected ? LogEvent.Break.TRUNCATED : LogEvent.Break.FOREIGN,
                    "the file had " + actual + " bytes where " + expected + " were written"));
        }
    }

    private void moveTo(LogFile next) throws IOException {
        LogFile old = file;
        boolean moved = false;
        try {
            next.acceptAsItIs();
            LogEvent.Break reason = next.expectedBytes() > 0 ? LogEvent.Break.REPLACED : old.whereabouts();
            notes.removeIf(note -> note instanceof LogEvent.TornTail);
            notes.addFirst(new LogEvent.Continued(options.clock().instant(), reason, "earlier: " + old.currentName()));
            retired.add(old);
            file = next;
            directoryDirty = true;
            moved = true;
        } finally {
            if (!moved) {
                next.close();
            }
        }
    }

    /** After a write that failed with {@code bytes} in the file: what is whole counts, the rest is cut off again. */
    private void keepWholeLines(int bytes) {
        int whole = 0;
        int wholeBytes = 0;
        boolean unended = false;
        for (Line line : lines) {
            // A line that lacks only its newline would be read as a record, so it is one.
            if (line.end() - 1 > bytes) {
                break;
            }
            whole++;
            unended = line.end() - 1 == bytes;
            wholeBytes = Math.min(line.end(), bytes);
        }
        byte[] rest = buffer.copy(wholeBytes, bytes);
        finish(whole);
        file.repair(wholeBytes, unended, rest);
        notes.removeIf(note -> note instanceof LogEvent.TornTail);
        if (file.torn().length > 0) {
            notes.addFirst(tornTail(file.torn()));
        }
    }

    /** The first {@code count} lines are in the file. */
    private void finish(int count) {
        if (count == 0) {
            return;
        }
        if (buffer.length() > 0) {
            // A reopen alone writes nothing, and shows nothing of a disk that was full.
            writeProblem = "";
        }
        written = lines.get(count - 1).position();
        List<LogEvent.Withdrawn> late = new ArrayList<>(0);
        for (Line line : lines.subList(0, count)) {
            Pending pending = line.pending();
            if (pending == null) {
                notes.removeFirst();
                continue;
            }
            if (pending.event.length > 0) {
                pending.seq = line.position().seq();
            }
            if (!complete(pending, State.WRITTEN) && pending.event.length > 0) {
                late.add(new LogEvent.Withdrawn(
                        options.clock().instant(), line.position().seq()));
            }
        }
        notes.addAll(late);
        if (!dirty) {
            dirty = true;
            LockSupport.unpark(syncer);
        }
    }

    private void fail(String problem) {
        writeFailedNanos = System.nanoTime();
        writeProblem = problem;
        for (Pending pending : batch) {
            pending.problem = new AuditUnavailableException(problem);
            complete(pending, State.FAILED);
        }
    }

    private static String describe(Throwable e) {
        return e instanceof IOException problem
                ? Problems.of(problem)
                : "a bug: " + e.getClass().getName();
    }

    private static boolean complete(Pending pending, State state) {
        if (!pending.state.compareAndSet(State.TAKEN, state)) {
            return false;
        }
        if (pending.appender != Thread.currentThread()) {
            LockSupport.unpark(pending.appender);
        }
        return true;
    }

    private void sync() {
        long lastHead = System.nanoTime();
        while (true) {
            boolean last = closed;
            if (!dirty && !last) {
                LockSupport.parkNanos(this, options.headEvery().toNanos());
            }
            if (dirty && !last) {
                parkFor(syncProblem.isEmpty() ? options.syncAfter() : SYNC_RETRY);
            }
            if (dirty) {
                syncOnce();
            }
            boolean headDue =
                    last || System.nanoTime() - lastHead >= options.headEvery().toNanos();
            if (headDue && syncProblem.isEmpty()) {
                signHead();
                lastHead = System.nanoTime();
            }
            if (last) {
                return;
            }
        }
    }

    private void parkFor(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        while (!closing) {
            long left = end - System.nanoTime();
            if (left <= 0) {
                return;
            }
            LockSupport.parkNanos(this, left);
        }
    }

    private void syncOnce() {
        dirty = false;
        Position upTo = written;
        LogFile current = file;
        syncingSinceNanos = System.nanoTime();
        syncing = true;
        try {
            LogFile old;
            while ((old = retired.peek()) != null) {
                old.force();
                old.close();
                retired.remove();
            }
            current.force();
            if (directoryDirty) {
                directoryDirty = false;
                syncDirectory();
            }
            if (!syncProblem.isEmpty()) {
                // Linux drops the pages that it could not write, and calls the next fsync a success.
                Position doubtful = synced;
                String problem = syncProblem;
                syncProblem = "";
                remark(new AuditEvent.Recovered(
                        options.clock().instant(),
                        "records " + (doubtful.seq() + 1) + " to " + upTo.seq() + " may not be on the disk: "
                                + problem));
            }
            synced = upTo;
        } catch (IOException | RuntimeException | Error e) {
            syncProblem = "fsync: " + describe(e);
            dirty = true;
        } finally {
            syncing = false;
        }
    }

    private void syncDirectory() throws IOException {
        Path directory = path.getParent();
        if (directory != null) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    private void signHead() {
        try {
            headFile.write(synced, options.clock().instant());
            headProblem = "";
        } catch (IOException | RuntimeException | Error e) {
            headProblem = "the signed head cannot be written: " + describe(e);
        }
    }

    /**
     * How the log is, where a failure of some time ago is not taken for the truth: nobody may have tried since. Trying leaves a
     * record where it goes. What failed lately is not tried: a short record can find room where a long one did not.
     */
    public AuditStatus statusNow() {
        if (!writeProblem.isEmpty() && System.nanoTime() - writeFailedNanos > TRIED_LATELY.toNanos()) {
            try {
                append(new AuditEvent.Recovered(
                        options.clock().instant(), "the log can be written again, after: " + writeProblem));
            } catch (AuditUnavailableException e) {
                // The status says so.
            }
        }
        return status();
    }

    /** How the log is, as far as is known. */
    public AuditStatus status() {
        String stuck = stuck();
        return new AuditStatus(path, written.seq(), synced.seq(), stuck.isEmpty() ? writeProblem : stuck, headProblem);
    }

    /**
     * Writes what is queued, has the disk confirm it, signs the head and lets go of the file.
     *
     * @throws AuditUnavailableException if the disk does not answer, or something could not be written; the file is let go of
     *     all the same when the process ends
     */
    @Override
    public void close() throws AuditUnavailableException {
        closing = true;
        long end = System.nanoTime() + LONGEST_CLOSE.toNanos();
        // On a thread of its own, because it may be the one that hangs in the last write.
        Thread closer = new Thread(this::writeTheLast, "credfs-audit-close");
        closer.setDaemon(true);
        closer.start();
        boolean ended = joined(closer, end);
        LockSupport.unpark(syncer);
        ended &= joined(syncer, end);
        if (!ended) {
            throw unavailable("the disk has not answered for " + LONGEST_CLOSE.toMillis() + " ms");
        }
        try {
            file.close();
            lock.release();
        } catch (IOException e) {
            throw new AuditUnavailableException("the audit log " + path + " cannot be closed: " + Problems.of(e), e);
        }
        AuditStatus last = status();
        if (!last.problem().isEmpty() || !last.headProblem().isEmpty()) {
            throw unavailable(last.problem().isEmpty() ? last.headProblem() : last.problem());
        }
    }

    private void writeTheLast() {
        while (!hasWriter.compareAndSet(false, true)) {
            LockSupport.parkNanos(this, CLOSE_RETRY.toNanos());
        }
        do {
            write();
        } while (writeProblem.isEmpty() && !queue.isEmpty());
        closed = true;
        for (Pending pending = queue.poll(); pending != null; pending = queue.poll()) {
            LockSupport.unpark(pending.appender);
        }
    }

    private static boolean joined(Thread thread, long end) {
        boolean interrupted = false;
        try {
            while (thread.isAlive()) {
                long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                if (left <= 0) {
                    return false;
                }
                try {
                    thread.join(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
