package dev.credfs.fuse;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * The threads that take requests from the kernel and run the callbacks: our own, already attached to the JVM. libfuse's
 * pool makes foreign threads, which jffi attaches and detaches around each of their first 1,000 callbacks, 7–11 µs
 * each.
 *
 * <p>All threads receive, with no leader among them, and there are as many as it takes to keep the processors busy: the kernel
 * wakes them in turn, so that each one more finds less in the caches (a read with eight takes a tenth to a quarter longer than with two). For a thread
 * whose handler is slow another one starts, up to a bound; a thread that comes back to find enough idle ones leaves.
 */
final class SessionLoop {
    /** What an unmount looks like from inside: nothing failed, receive just had no more to give. */
    private static final int UNMOUNTED = 0;

    private static final int SUPERFLUOUS = 1;

    private final Native.LibFuse libfuse;
    private final long session;
    private final FileRequests files;
    private final int receivers;
    private final int bound;
    private final BiConsumer<String, Throwable> failures;
    private final LastResort lastResort;
    private final CountDownLatch ended = new CountDownLatch(1);

    private final Object lock = new Object();
    private final List<Thread> threads = new ArrayList<>();
    private int alive;
    private int idle;
    private int started;
    private int busy;
    private int failureErrno = UNMOUNTED;

    /**
     * @param files answers the requests on open files
     * @param receivers threads that are not in a slow handler
     * @param bound the most threads at once
     * @param failures told what ended a thread that should not have ended
     */
    SessionLoop(
            Native.LibFuse libfuse,
            long session,
            FileRequests files,
            int receivers,
            int bound,
            BiConsumer<String, Throwable> failures) {
        this.libfuse = libfuse;
        this.session = session;
        this.files = files;
        this.receivers = receivers;
        this.bound = bound;
        this.failures = failures;
        this.lastResort = new LastResort(
                libfuse.fuse_chan_fd(libfuse.fuse_session_next_chan(session, 0)),
                failures,
                this::hasEnded,
                this::relieve);
    }

    void start() {
        lastResort.start();
        relieve(0);
    }

    /** Starts threads in the place of those that are in slow handlers. */
    private void relieve(int slow) {
        synchronized (lock) {
            while (alive - slow < receivers && alive < bound && !hasEnded()) {
                addThread();
            }
        }
    }

    /** True when every thread has left, within the time. */
    boolean awaitEnd(long timeout, TimeUnit unit) throws InterruptedException {
        return ended.await(timeout, unit);
    }

    void awaitEnd() throws InterruptedException {
        ended.await();
    }

    boolean hasEnded() {
        return ended.getCount() == 0;
    }

    /** True when receiving failed with an error that an unmount does not explain. */
    boolean hasFailed() {
        synchronized (lock) {
            return failureErrno != UNMOUNTED;
        }
    }

    /** Requests that are being answered at this moment. */
    int requestsInHandlers() {
        synchronized (lock) {
            return busy;
        }
    }

    /** Waits until the threads are gone; afterwards the session may be freed. */
    void join() throws InterruptedException {
        ended.await();
        List<Thread> last;
        synchronized (lock) {
            last = List.copyOf(threads);
        }
        for (Thread thread : last) {
            thread.join();
        }
        lastResort.join();
    }

    private void addThread() {
        Thread thread = new Thread(this::serve, "credfs-fuse-" + started);
        thread.setDaemon(true);
        threads.add(thread);
        alive++;
        idle++;
        started++;
        thread.start();
    }

    private void serve() {
        int result = UNMOUNTED;
        try {
            result = receiveAndProcess();
        } catch (Throwable unexpected) {
            result = -Native.ENODEV;
            failures.accept("session loop", unexpected);
        } finally {
            leave(result);
        }
    }

    private int receiveAndProcess() {
        LastResort.Slot slot = lastResort.newSlot();
        try (Requests requests = new Requests(libfuse, session, files)) {
            return receiveAndProcess(requests, slot);
        } finally {
            lastResort.remove(slot);
        }
    }

    private int receiveAndProcess(Requests requests, LastResort.Slot slot) {
        while (libfuse.fuse_session_exited(session) == 0) {
            int received = requests.receive();
            if (received == -Native.EINTR || received == -Native.EAGAIN) {
                continue;
            }
            if (received <= 0) {
                return received;
            }
            becomeBusy();
            slot.begin(requests.buffer());
            requests.process(received);
            slot.end();
            if (!becomeIdle()) {
                return SUPERFLUOUS;
            }
        }
        return UNMOUNTED;
    }

    private void becomeBusy() {
        boolean last;
        synchronized (lock) {
            busy++;
            idle--;
            last = idle == 0;
        }
        if (last) {
            lastResort.watch();
        }
    }

    /** False when there are idle threads enough without this one, which is none of them then: the last ones never leave. */
    private boolean becomeIdle() {
        synchronized (lock) {
            busy--;
            if (idle >= receivers) {
                return false;
            }
            idle++;
            return true;
        }
    }

    private void leave(int result) {
        synchronized (lock) {
            threads.remove(Thread.currentThread());
            alive--;
            if (result != SUPERFLUOUS) {
                idle--;
            }
            if (result < 0) {
                failureErrno = result;
                libfuse.fuse_session_exit(session);
            }
            if (alive == 0) {
                ended.countDown();
            }
        }
    }
}
