package dev.credfs.procfs;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The processes of this machine, as {@code /proc} shows them. Any number of threads may ask at once. */
public final class Processes implements AutoCloseable {
    /** How many tasks are held open at most, each by one descriptor. */
    static final int REMEMBERED = 32;

    private static final long SERVES_AGAIN_NANOS = Duration.ofSeconds(1).toNanos();
    /** Less than an exec and an open take one after the other; longer than the open and the read of a reader. */
    private static final long PROGRAM_SERVES_AGAIN_NANOS = 100_000;

    private final Path proc;
    private final ContainerPatterns patterns;
    private final LongSupplier nanoTime;
    /** By thread id, oldest first; also the lock of itself. */
    private final Map<Integer, Remembered> remembered = new LinkedHashMap<>();

    private static final class Remembered {
        final Task task;
        final Object programKey;
        final Caller caller;
        final long readAtNanos;
        private volatile long programSeenAtNanos;

        Remembered(Task task, Object programKey, Caller caller, long readAtNanos) {
            this.task = task;
            this.programKey = programKey;
            this.caller = caller;
            this.readAtNanos = readAtNanos;
            this.programSeenAtNanos = readAtNanos;
        }

        /** The program before the task: the look that comes last vouches for what was read by path. */
        boolean stillRuns(long now) {
            try {
                if (now - programSeenAtNanos >= PROGRAM_SERVES_AGAIN_NANOS) {
                    if (!task.programKey().equals(programKey)) {
                        return false;
                    }
                    programSeenAtNanos = now;
                }
                return task.isThere();
            } catch (RefusedException e) {
                // The task remembered is gone. Its number may be somebody else's by now, who is then read anew.
                return false;
            }
        }
    }

    /**
     * Reads that file system, and knows the containers of the usual runtimes.
     *
     * @param proc {@code /proc} as the daemon's own pid namespace sees it
     */
    public Processes(Path proc) {
        this(proc, ContainerPatterns.known());
    }

    public Processes(Path proc, ContainerPatterns patterns) {
        this(proc, patterns, System::nanoTime);
    }

    Processes(Path proc, ContainerPatterns patterns, LongSupplier nanoTime) {
        this.proc = proc;
        this.patterns = patterns;
        this.nanoTime = nanoTime;
    }

    /**
     * The process behind a request.
     *
     * @param tid thread id as FUSE gives it; 0 for a caller of a pid namespace that ours does not contain
     * @param uid file-system uid of the request
     * @param gid file-system gid of the request
     * @throws RefusedException on any doubt, with CALLER_REFUSED and a line that says which
     */
    public Caller identify(int tid, Uid uid, Gid gid) throws RefusedException {
        if (tid <= 0) {
            throw Doubt.because("it is in a foreign pid namespace (the kernel gives its id as " + tid + ")");
        }
        long now = nanoTime.getAsLong();
        Remembered known = recall(tid, now);
        if (known != null
                && known.caller.uid().equals(uid)
                && known.caller.gid().equals(gid)
                && known.stillRuns(now)) {
            return known.caller;
        }
        Task task = Task.open(proc, tid);
        Remembered fresh = null;
        try {
            fresh = read(task, new Tid(tid), uid, gid, now);
        } finally {
            if (fresh == null) {
                task.close();
            }
        }
        remember(tid, fresh);
        return fresh.caller;
    }

    /**
     * A process that asks for nothing, as if it asked now: its file-system uid and gid are its own word in {@code status},
     * and everything else is as doubtful as in a request.
     *
     * @throws RefusedException on any doubt, with CALLER_REFUSED and a line that says which
     */
    public Caller identify(Pid process) throws RefusedException {
        StatusLines status;
        try (Task task = Task.open(proc, process.number())) {
            status = StatusLines.parse(task.read("status"));
        }
        return identify(process.number(), new Uid(status.fileSystemUid()), new Gid(status.fileSystemGid()));
    }

    private Remembered read(Task task, Tid tid, Uid uid, Gid gid, long now) throws RefusedException {
        long startTicks = task.look().startTicks();
        Object programKey = task.programKey();
        StatusLines status = StatusLines.parse(task.read("status"));
        if (status.fileSystemUid() != uid.number() || status.fileSystemGid() != gid.number()) {
            throw Doubt.because("the request is of uid " + uid + " gid " + gid + ", task " + tid + " of uid "
                    + status.fileSystemUid() + " gid " + status.fileSystemGid());
        }
        if (status.tracer() != 0) {
            throw Doubt.because("task " + tid + " is traced by process " + status.tracer()
                    + ", which could read the token from its memory");
        }
        Pid pid = status.process();
        long processStartTicks = pid.number() == tid.number() ? startTicks : startTicksOf(pid);
        Executable executable = task.executable();
        if (status.contextSwitches() == 0 && !task.hasRun()) {
            throw Doubt.because("task " + tid + " has not begun to run, and its cgroup is not settled");
        }
        String cgroup = task.read("cgroup");
        Container container = patterns.containerOf(cgroup);
        long userNamespace = task.userNamespace();
        if (!task.programKey().equals(programKey)) {
            throw Doubt.because("task " + tid + " began another program meanwhile");
        }
        if (task.look().startTicks() != startTicks) {
            throw Doubt.because("task " + tid + " is another one than before");
        }
        task.requireThere();
        Caller caller = new Caller(tid, pid, processStartTicks, uid, gid, executable, cgroup, userNamespace, container);
        return new Remembered(task, programKey, caller, now);
    }

    /** A thread has start ticks of its own; its process, which outlives it, has those of the first thread. */
    private long startTicksOf(Pid pid) throws RefusedException {
        try (Task leader = Task.open(proc, pid.number())) {
            long startTicks = leader.lookEvenIfDead().startTicks();
            leader.requireThere();
            return startTicks;
        }
    }

    private @Nullable Remembered recall(int tid, long now) {
        synchronized (remembered) {
            Remembered known = remembered.get(tid);
            return known != null && now - known.readAtNanos < SERVES_AGAIN_NANOS ? known : null;
        }
    }

    private void remember(int tid, Remembered fresh) {
        List<Task> dropped = new ArrayList<>();
        synchronized (remembered) {
            Remembered before = remembered.remove(tid);
            if (before != null) {
                dropped.add(before.task);
            }
            Iterator<Remembered> oldestFirst = remembered.values().iterator();
            while (oldestFirst.hasNext()) {
                Remembered oldest = oldestFirst.next();
                if (remembered.size() < REMEMBERED && fresh.readAtNanos - oldest.readAtNanos < SERVES_AGAIN_NANOS) {
                    break;
                }
                dropped.add(oldest.task);
                oldestFirst.remove();
            }
            remembered.put(tid, fresh);
        }
        dropped.forEach(Task::close);
    }

    /** Gives the descriptors back. What is asked later is read anew, and remembered until the next close. */
    @Override
    public void close() {
        synchronized (remembered) {
            for (Remembered known : remembered.values()) {
                known.task.close();
            }
            remembered.clear();
        }
    }
}
