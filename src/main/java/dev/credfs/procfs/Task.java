package dev.credfs.procfs;

import dev.credfs.policy.Executable;
import dev.credfs.policy.RefusedException;
import java.io.Closeable;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Objects;

/**
 * One task, held by an open descriptor on a file of its own: while that answers, whatever is read by path is of that task. Reads
 * through {@code java.io} on purpose: channels keep a native buffer for each thread that ever used them.
 */
final class Task implements Closeable {
    /** Status is some 1.5 KiB; a cgroup file has up to 14 lines, each with a path of at most 4 KiB. */
    private static final int LONGEST_FILE_BYTES = 64 * 1024;
    /** Of the files that answer ESRCH once the task is gone, the one that is read fastest: 0.6 µs, where stat takes 4. */
    private static final String PULSE = "oom_score_adj";

    private final Path directory;
    private final int number;
    private final RandomAccessFile pulse;
    private boolean closed;

    private Task(Path directory, int number, RandomAccessFile pulse) {
        this.directory = directory;
        this.number = number;
        this.pulse = pulse;
    }

    @SuppressWarnings("resource") // the task owns it
    static Task open(Path proc, int number) throws RefusedException {
        Path directory = proc.resolve(Integer.toString(number));
        try {
            return new Task(directory, number, new RandomAccessFile(directory + "/" + PULSE, "r"));
        } catch (FileNotFoundException e) {
            // java.io has one exception for ENOENT, EACCES and EMFILE: which one it was is in the message, for people.
            throw Doubt.because("task " + number
                    + " cannot be opened (gone, hidden by hidepid, or no descriptor left): " + e.getMessage());
        }
    }

    /**
     * What {@code stat} says now.
     *
     * @throws RefusedException if the task has exited, or what it answers is not understood
     */
    StatLine look() throws RefusedException {
        StatLine line = lookEvenIfDead();
        if (line.dead()) {
            throw Doubt.because("task " + number + " has exited, or is about to");
        }
        return line;
    }

    /** A look that a zombie may answer too: the first thread of a process can end before the others, and stays as one. */
    StatLine lookEvenIfDead() throws RefusedException {
        StatLine line = StatLine.parse(read("stat").getBytes(StandardCharsets.ISO_8859_1));
        if (line.number() != number) {
            throw Doubt.because("its stat file is of another task");
        }
        return line;
    }

    /** Ends what was read by path: all of it was of this task, if the descriptor still answers. */
    void requireThere() throws RefusedException {
        if (!isThere()) {
            throw Doubt.because("task " + number + " has exited");
        }
    }

    /** Whether the task is still there, as itself or as a zombie: nobody else has its number. */
    synchronized boolean isThere() {
        // After close the number of the descriptor could be somebody else's, and the JDK does not look at it twice.
        if (closed) {
            return false;
        }
        try {
            pulse.seek(0);
            return pulse.read() >= 0;
        } catch (IOException e) {
            return false;
        }
    }

    /**
     * Whether it has ever been on a processor. Unlike the counts in {@code status}, which rise when it leaves one, this is
     * true of a task that asked and has not gone to sleep yet. A kernel without scheduler statistics has no such file, or
     * zeroes in it.
     */
    boolean hasRun() throws RefusedException {
        String statistics = read("schedstat");
        return !statistics.isBlank() && !statistics.equals("0 0 0\n");
    }

    /** Bytes as characters, one to one: two cgroups that differ stay different, whatever their encoding. */
    String read(String name) throws RefusedException {
        try (FileInputStream in = new FileInputStream(directory + "/" + name)) {
            byte[] content = in.readNBytes(LONGEST_FILE_BYTES);
            if (content.length == LONGEST_FILE_BYTES) {
                throw Doubt.because("its " + name + " file is too long");
            }
            return new String(content, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw Doubt.because("its " + name + " file cannot be read: " + e.getMessage());
        }
    }

    /** Device and inode of the program, as an object to compare: one system call. */
    Object programKey() throws RefusedException {
        try {
            return Objects.requireNonNull(Files.readAttributes(directory.resolve("exe"), BasicFileAttributes.class)
                    .fileKey());
        } catch (IOException e) {
            throw unreadable("exe", e);
        }
    }

    Executable executable() throws RefusedException {
        Path exe = directory.resolve("exe");
        try {
            String path = Files.readSymbolicLink(exe).toString();
            for (int i = 0; i < path.length(); i++) {
                if (Character.isISOControl(path.charAt(i))) {
                    throw Doubt.because("the path of its program has a control character");
                }
            }
            Map<String, Object> file = Files.readAttributes(exe, "unix:dev,ino");
            long device = (long) Objects.requireNonNull(file.get("dev"));
            long inode = (long) Objects.requireNonNull(file.get("ino"));
            return new Executable(path, device, inode);
        } catch (IOException e) {
            throw unreadable("exe", e);
        }
    }

    /** The inode in {@code user:[4026531837]}. */
    long userNamespace() throws RefusedException {
        String link;
        try {
            link = Files.readSymbolicLink(directory.resolve("ns/user")).toString();
        } catch (IOException e) {
            throw unreadable("ns/user", e);
        }
        if (!link.startsWith("user:[") || !link.endsWith("]")) {
            throw Doubt.because("its ns/user file is not understood");
        }
        return Decimal.parse(link.substring("user:[".length(), link.length() - 1), "ns/user");
    }

    private static RefusedException unreadable(String name, IOException e) {
        if (e instanceof AccessDeniedException) {
            return Doubt.because("not allowed to look at its " + name + " (that takes root or CAP_SYS_PTRACE)");
        }
        if (e instanceof NoSuchFileException) {
            return Doubt.because("it has no " + name + " (a kernel thread, or it has exited)");
        }
        return Doubt.because("its " + name + " cannot be read: " + e.getMessage());
    }

    @Override
    public synchronized void close() {
        closed = true;
        try {
            pulse.close();
        } catch (IOException e) {
            // A descriptor that was only read has nothing to lose; Linux releases it in any case.
        }
    }
}
