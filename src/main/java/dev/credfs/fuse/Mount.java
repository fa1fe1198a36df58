package dev.credfs.fuse;

import dev.credfs.mint.Mint;
import dev.credfs.policy.Failure;
import dev.credfs.procfs.Processes;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A credfs that is mounted: it exists from the moment a read through the kernel has succeeded until it is unmounted and
 * verified to be gone.
 */
public final class Mount implements AutoCloseable {
    private static final int MOST_THREADS = 64;
    private static final Duration SELF_TEST_DEADLINE = Duration.ofSeconds(5);
    private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(2);
    private static final Duration WATCH_PERIOD = Duration.ofSeconds(1);
    private static final long RETRY_MILLIS = 20;
    private static final long LAST_THREAD_MILLIS = 500;

    private final Path mountpoint;
    private final MountLock lock;
    private final Unmount unmount;
    private final Native.LibFuse libfuse;
    private final long fuse;
    private final String device;

    /** Held for as long as the session may call: the closures in it are all that libfuse's table points to. */
    private final Callbacks callbacks;

    private final SessionLoop loop;
    private final Mint mint;
    private final Consumer<String> notices;
    private final List<String> recovered;
    private final CountDownLatch watchEnded = new CountDownLatch(1);
    private final AtomicBoolean stopping = new AtomicBoolean();
    private volatile boolean vanished;
    private boolean down;

    private Mount(
            Path mountpoint,
            MountLock lock,
            Unmount unmount,
            Native.LibFuse libfuse,
            long fuse,
            String device,
            Callbacks callbacks,
            SessionLoop loop,
            Mint mint,
            Consumer<String> notices,
            List<String> recovered) {
        this.mountpoint = mountpoint;
        this.lock = lock;
        this.unmount = unmount;
        this.libfuse = libfuse;
        this.fuse = fuse;
        this.device = device;
        this.callbacks = callbacks;
        this.loop = loop;
        this.mint = mint;
        this.notices = notices;
        this.recovered = recovered;
    }

    /**
     * Mounts, and returns once the mount has passed its self-test. Whatever fails leaves nothing mounted.
     *
     * @param notices told, one line each, what an operator should know and what did not prevent the mount
     * @throws MountException why not, in one line
     */
    public static Mount start(
            MountSettings settings, Mint mint, Processes processes, Faults faults, Consumer<String> notices)
            throws MountException {
        Path mountpoint = Preflight.locate(settings.mountpoint());
        Preflight.requirePrivateParent(mountpoint);
        MountLock lock = MountLock.acquire(mountpoint);
        boolean mounted = false;
        try {
            Path fusermount = Preflight.requireFusermount();
            Unmount unmount = new Unmount(mountpoint, Native.LIBC.geteuid() == 0 ? null : fusermount);
            List<String> recovered = recovered(mountpoint, lock, Preflight.clear(mountpoint, unmount));
            Preflight.requireUsable(mountpoint);
            Native.LibFuse libfuse = Preflight.requireLibFuse();
            if (settings.allowOther()) {
                Preflight.requireAllowOtherPermitted();
            }
            Preflight.requireOwnSignalHandlers();
            Preflight.requireDevice();
            SharedParent.ensure(Preflight.parentOf(mountpoint), notices);
            FileRequests files = new FileRequests(mint, processes, faults, settings.concurrentMints());
            Callbacks callbacks = new Callbacks(libfuse, mint, files, settings.allowOther());
            Mount mount = mount(settings, mountpoint, lock, unmount, libfuse, callbacks, mint, notices, recovered);
            mounted = true;
            mount.becomeReady(settings);
            return mount;
        } catch (IOException e) {
            throw MountException.of("cannot mount " + mountpoint + ": " + e, e);
        } finally {
            if (!mounted) {
                lock.close();
            }
        }
    }

    private static List<String> recovered(Path mountpoint, MountLock lock, List<String> clearedPids) {
        List<String> recovered = new ArrayList<>();
        for (String pid : clearedPids) {
            recovered.add("cleared the dead mount at " + mountpoint + " of pid " + pid);
        }
        Optional<String> dead = lock.deadPid();
        if (dead.isPresent() && !clearedPids.contains(dead.get())) {
            recovered.add("pid " + dead.get() + " ended without unmounting " + mountpoint + "; its mount was gone");
        }
        return List.copyOf(recovered);
    }

    private static Mount mount(
            MountSettings settings,
            Path mountpoint,
            MountLock lock,
            Unmount unmount,
            Native.LibFuse libfuse,
            Callbacks callbacks,
            Mint mint,
            Consumer<String> notices,
            List<String> recovered)
            throws MountException, IOException {
        String options = settings.options(ProcessHandle.current().pid());
        String[] argv = {"credfs", "-f", "-o", options, mountpoint.toString()};
        long fuse = libfuse.fuse_setup(
                argv.length, argv, callbacks.table(), callbacks.tableBytes(), new long[1], new int[1], 0);
        if (fuse == 0) {
            throw new MountException(
                    Failure.NOT_MOUNTED, "libfuse could not mount " + mountpoint + "; its reason stands above");
        }
        MountEntry entry = MountEntry.at(mountpoint);
        if (entry == null || !entry.isOurs()) {
            libfuse.fuse_teardown(fuse, 0);
            throw new MountException(Failure.NOT_MOUNTED, mountpoint + " was unmounted while it was being mounted");
        }
        SessionLoop loop = new SessionLoop(
                libfuse,
                libfuse.fuse_get_session(fuse),
                callbacks.files(),
                Math.max(2, Math.min(4, Runtime.getRuntime().availableProcessors())),
                MOST_THREADS,
                mint::internalError);
        return new Mount(
                mountpoint, lock, unmount, libfuse, fuse, entry.device(), callbacks, loop, mint, notices, recovered);
    }

    private void becomeReady(MountSettings settings) throws MountException {
        loop.start();
        boolean ready = false;
        try {
            selfTest();
            ready = true;
        } finally {
            if (!ready) {
                takeDown(Duration.ZERO);
            }
        }
        RefreshTicks ticks = new RefreshTicks(mountpoint, settings.refreshWindows(), InstantSource.system(), notices);
        Thread watch = new Thread(() -> watch(ticks), "credfs-mount-watch");
        watch.setDaemon(true);
        watch.start();
        // Not by the watch: a disk that hangs would hold it, and nobody would see an unmount from outside.
        Thread repeats = new Thread(this::recordRepeats, "credfs-mount-repeats");
        repeats.setDaemon(true);
        repeats.start();
    }

    /** On a thread of its own, since a mount that does not answer would hold the one that asks for ever. */
    private void selfTest() throws MountException {
        Probe probe = new Probe(new SecureRandom());
        callbacks.files().serve(probe);
        FutureTask<Void> test = new FutureTask<>(() -> {
            new SelfTest(mountpoint, probe).run();
            return null;
        });
        Thread thread = new Thread(test, "credfs-self-test");
        thread.setDaemon(true);
        thread.start();
        try {
            test.get(SELF_TEST_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof MountException failure) {
                throw failure;
            }
            throw MountException.of("the self-test of " + mountpoint + " broke: " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw MountException.of(mountpoint + " did not answer its self-test within five seconds", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw MountException.of("interrupted while mounting " + mountpoint, e);
        } finally {
            callbacks.files().serve(null);
        }
    }

    /** Where the files are. */
    public Path mountpoint() {
        return mountpoint;
    }

    /** What daemons that died at this mountpoint had left: one line each, to be put on the record. */
    public List<String> recovered() {
        return recovered;
    }

    /** Waits until the mount has ended, by whoever's doing, and says how. {@link #close} still has to be called. */
    public MountEnd awaitEnd() throws InterruptedException {
        watchEnded.await();
        if (stopping.get()) {
            return MountEnd.STOPPED;
        }
        return vanished && !loop.hasFailed() ? MountEnd.UNMOUNTED_OUTSIDE : MountEnd.SESSION_FAILED;
    }

    /** Opens no more files and ends {@link #awaitEnd}; {@link #close} does the rest, and says whether the mount is gone. */
    public void drain() {
        stopping.set(true);
        callbacks.files().drain();
        watchEnded.countDown();
    }

    /** As {@link #stop} with two seconds of patience. */
    @Override
    public void close() throws MountException {
        stop(DEFAULT_PATIENCE);
    }

    /**
     * Opens no more files, lets running requests finish, unmounts, and verifies that the mount is gone. Where somebody
     * keeps it busy, it says who, waits, and after {@code patience} aborts what is still open.
     *
     * @throws MountException the mount is still there
     */
    public void stop(Duration patience) throws MountException {
        drain();
        takeDown(patience);
    }

    /**
     * Aborts the mount and takes it out of sight without waiting for anything: all that is left to do before this process
     * ends at once. The fusermount of {@code auto_unmount} is no substitute: where it asks before the kernel has aborted a
     * dead daemon's connection, it is told ECONNABORTED, expects ENOTCONN and leaves the mount (fusermount3 3.14).
     */
    public void abandon() {
        try {
            unmount.byForce();
        } catch (IOException e) {
            notices.accept("cannot unmount " + mountpoint + ": " + e);
        }
    }

    private synchronized void takeDown(Duration patience) throws MountException {
        if (down) {
            return;
        }
        down = true;
        try {
            long deadline = System.nanoTime() + patience.toNanos();
            boolean gone = unmountPatiently(deadline);
            if (!gone) {
                awaitRequests(deadline);
                unmount.byForce();
            }
            if (isMounted()) {
                throw new MountException(
                        Failure.NOT_MOUNTED,
                        mountpoint + " could not be unmounted; as root run: umount -l " + mountpoint);
            }
            unmount.endAutoUnmount();
            freeSession();
        } catch (IOException e) {
            throw MountException.of("cannot unmount " + mountpoint + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw MountException.of("interrupted while unmounting " + mountpoint, e);
        } finally {
            lock.close();
            watchEnded.countDown();
        }
    }

    private boolean unmountPatiently(long deadline) throws IOException, InterruptedException {
        boolean told = false;
        while (isMounted()) {
            if (unmount.now()) {
                return true;
            }
            if (System.nanoTime() >= deadline) {
                return false;
            }
            if (!told) {
                told = true;
                notices.accept(mountpoint + " is busy: " + String.join(", ", Holders.of(mountpoint)));
            }
            loop.awaitEnd(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }
        return true;
    }

    private void awaitRequests(long deadline) throws InterruptedException {
        while (loop.requestsInHandlers() > 0 && System.nanoTime() < deadline) {
            loop.awaitEnd(RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /**
     * Frees the session once no thread can be in it. Where a handler hangs, or a lazy unmount left somebody with an
     * open file, it stays until the process ends: a leak is better than a use after free. The mountpoint is not named
     * to libfuse, which would unmount whatever stands there by now.
     */
    private void freeSession() throws InterruptedException {
        if (loop.awaitEnd(LAST_THREAD_MILLIS, TimeUnit.MILLISECONDS)) {
            loop.join();
            libfuse.fuse_teardown(fuse, 0);
        }
    }

    private boolean isMounted() throws IOException {
        for (MountEntry entry : MountEntry.all()) {
            if (entry.device().equals(device) && entry.mountpoint().equals(mountpoint.toString())) {
                return true;
            }
        }
        return false;
    }

    private void recordRepeats() {
        try {
            while (!watchEnded.await(WATCH_PERIOD.toMillis(), TimeUnit.MILLISECONDS)) {
                mint.recordRepeats();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Notices an unmount from outside, a lazy one too, which ends the session only when the last open file is closed.
     */
    private void watch(RefreshTicks ticks) {
        try {
            while (!loop.awaitEnd(WATCH_PERIOD.toMillis(), TimeUnit.MILLISECONDS) && isMounted()) {
                ticks.touchDue();
            }
            vanished = !isMounted();
        } catch (IOException | InterruptedException e) {
            notices.accept("cannot watch " + mountpoint + " any longer: " + e);
        } finally {
            if (!stopping.get()) {
                watchEnded.countDown();
            }
        }
    }
}
