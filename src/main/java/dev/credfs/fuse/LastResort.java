package dev.credfs.fuse;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request whose handler hangs: EIO, a second after it came. A handler can hang where nothing calls it back, in a
 * write to the audit log's disk or a look at a program on a dead network file system, and the caller would hang with it in a
 * state that not even SIGKILL ends. Long before that, a thread is asked for in the place of the one that is held up.
 *
 * <p>The kernel takes one answer to each request, from whoever writes it to the device, and refuses the second with ENOENT. The
 * handler's own comes too late then, and an open that nobody waits for any more is taken back by releasing it.
 */
final class LastResort {
    private static final long DEADLINE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long PERIOD_NANOS = Duration.ofMillis(100).toNanos();
    /** A read takes a tenth of it, a look at a process that is not known a fifth. */
    private static final long SLOW_NANOS = Duration.ofMillis(1).toNanos();
    /** Looks in a row without need, after which it looks seldom again. */
    private static final int PATIENCE = 50;

    /** What one thread of the session is answering. */
    static final class Slot {
        private final AtomicReference<@Nullable InFlight> inFlight = new AtomicReference<>();

        /** @param request as it came from the kernel */
        void begin(Pointer request) {
            int opcode = request.getInt(Protocol.OPCODE);
            boolean answerable = switch (opcode) {
                // no answer
                case Protocol.FORGET, Protocol.BATCH_FORGET, Protocol.INTERRUPT -> false;
                // no handler of ours
                case Protocol.INIT, Protocol.DESTROY -> false;
                default -> true;
            };
            inFlight.set(new InFlight(opcode, request.getLong(Protocol.UNIQUE), System.nanoTime(), answerable));
        }

        void end() {
            inFlight.set(null);
        }

        private void forget(InFlight answered) {
            // Not the next one, which the thread may have begun meanwhile: that has its own second.
            inFlight.compareAndSet(
                    answered, new InFlight(answered.opcode(), answered.unique(), answered.sinceNanos(), false));
        }
    }

    /**
     * One request, as a whole: an answer must never meet the number of the next one.
     *
     * @param answerable whether the kernel waits for an answer that nobody has given
     */
    private record InFlight(int opcode, long unique, long sinceNanos, boolean answerable) {}

    private final int device;
    private final BiConsumer<String, Throwable> failures;
    private final BooleanSupplier ended;
    private final IntConsumer relief;
    private final Pointer header = Memory.allocateDirect(Native.RUNTIME, Protocol.OUT_HEADER_BYTES);
    private final Set<Slot> slots = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean telling = new AtomicBoolean();
    private final Thread thread = new Thread(this::run, "credfs-fuse-deadline");
    private volatile boolean needed;
    private volatile boolean watching;

    /**
     * @param device descriptor of the session, open until {@code ended} says true and {@link #join} returned
     * @param failures told of each handler that hung
     * @param relief told how many handlers are slow at this moment
     */
    LastResort(int device, BiConsumer<String, Throwable> failures, BooleanSupplier ended, IntConsumer relief) {
        this.device = device;
        this.failures = failures;
        this.ended = ended;
        this.relief = relief;
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void join() throws InterruptedException {
        LockSupport.unpark(thread);
        thread.join();
    }

    Slot newSlot() {
        Slot slot = new Slot();
        slots.add(slot);
        return slot;
    }

    void remove(Slot slot) {
        slots.remove(slot);
    }

    /** Has it look often: no thread receives at this moment. */
    void watch() {
        needed = true;
        if (!watching) {
            watching = true;
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        int unneeded = 0;
        while (!ended.getAsBoolean()) {
            LockSupport.parkNanos(this, watching ? SLOW_NANOS : PERIOD_NANOS);
            unneeded = needed ? 0 : unneeded + 1;
            needed = false;
            watching = unneeded < PATIENCE;
            // Who asked just before that has seen it true, and woke nobody.
            watching |= needed;
            relief.accept(answerHungAndCountSlow());
        }
    }

    private int answerHungAndCountSlow() {
        int slow = 0;
        for (Slot slot : slots) {
            InFlight request = slot.inFlight.get();
            long nanos = request == null ? 0 : System.nanoTime() - request.sinceNanos();
            if (request != null && request.answerable() && nanos >= DEADLINE_NANOS) {
                slot.forget(request);
                answer(request);
            }
            slow += nanos >= SLOW_NANOS ? 1 : 0;
        }
        return slow;
    }

    private void answer(InFlight request) {
        header.putInt(Protocol.LENGTH, Protocol.OUT_HEADER_BYTES);
        header.putInt(Protocol.ERROR, -Native.EIO);
        header.putLong(Protocol.UNIQUE, request.unique());
        // ENOENT: the handler was faster after all
        if (Native.LIBC.write(device, header.address(), Protocol.OUT_HEADER_BYTES) == Protocol.OUT_HEADER_BYTES
                && telling.compareAndSet(false, true)) {
            // The record may be what hangs, and this thread has others to answer.
            Thread teller = new Thread(
                    () -> {
                        failures.accept("request of opcode " + request.opcode(), new TimeoutException());
                        telling.set(false);
                    },
                    "credfs-fuse-deadline-tell");
            teller.setDaemon(true);
            teller.start();
        }
    }
}
