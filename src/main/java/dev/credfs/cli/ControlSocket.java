package dev.credfs.cli;

import dev.credfs.policy.Failure;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * Where a running mount can be asked: the unix socket {@code <audit log>.control/socket}. Its directory is of mode 0700 and
 * belongs to the daemon's user, so the kernel lets in that user and root, and nobody else; whoever holds the lock of the log
 * is the one that may listen.
 *
 * <p>Not beside the mountpoint: that directory is bound into containers, and root in a container is root to the kernel.
 *
 * <p>A question is a line of JSON. The answer is what the command prints, as it is printed, and its exit status: frames of a
 * stream's number (1 stdout, 2 stderr), a length and that many bytes, and at the end number 0 and the status.
 */
final class ControlSocket implements AutoCloseable {
    private static final Set<PosixFilePermission> DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> SOCKET = PosixFilePermissions.fromString("rw-------");
    private static final int LARGEST_QUESTION_BYTES = 64 * 1024;
    private static final int LARGEST_FRAME_BYTES = 64 * 1024;
    private static final int MOST_AT_ONCE = 4;
    private static final Duration LONGEST_EXCHANGE = Duration.ofSeconds(10);
    private static final int END = 0;
    private static final int OUT = 1;
    private static final int ERR = 2;

    private final Path socket;
    private final ServerSocketChannel server;
    private final Answers answers;
    private final Semaphore exchanges = new Semaphore(MOST_AT_ONCE);

    /** What is said to a question. */
    interface Answers {
        /** Prints the answer and returns the exit status of the command that asked. */
        int answer(JsonNode question, Terminal terminal) throws CommandException;
    }

    private ControlSocket(Path socket, ServerSocketChannel server, Answers answers) {
        this.socket = socket;
        this.server = server;
        this.answers = answers;
    }

    /** Where the daemon that writes this log is asked. */
    static Path of(Path audit) {
        return audit.resolveSibling(audit.getFileName() + ".control").resolve("socket");
    }

    /**
     * Listens for questions until it is closed.
     *
     * @param audit the log, whose lock this process holds
     * @throws IOException if the place cannot be taken, or is somebody else's
     */
    static ControlSocket listen(Path audit, Answers answers) throws IOException {
        Path socket = of(audit);
        Path directory = socket.resolveSibling("");
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(DIRECTORY));
        } catch (FileAlreadyExistsException e) {
            Object owner = Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
                    || !owner.equals(Owner.effectiveUid())
                    || !Files.getPosixFilePermissions(directory).equals(DIRECTORY)) {
                throw new IOException(directory + " is not a directory of this user with mode 0700: remove it", e);
            }
        }
        // What a daemon that died has left: one that lives would have the lock.
        Files.deleteIfExists(socket);
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        boolean listening = false;
        try {
            server.bind(UnixDomainSocketAddress.of(socket));
            Files.setPosixFilePermissions(socket, SOCKET);
            listening = true;
        } finally {
            if (!listening) {
                server.close();
            }
        }
        ControlSocket control = new ControlSocket(socket, server, answers);
        start("credfs-control", control::accept);
        return control;
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (true) {
            try {
                SocketChannel asker = server.accept();
                if (exchanges.tryAcquire()) {
                    start("credfs-control-answer", () -> exchange(asker));
                } else {
                    asker.close();
                }
            } catch (ClosedChannelException closed) {
                return;
            } catch (IOException e) {
                // No descriptor left, or the asker has gone: the next one may have more luck.
            }
        }
    }

    private void exchange(SocketChannel asker) {
        CountDownLatch done = closeInTime(asker);
        try (asker) {
            InputStream in = Channels.newInputStream(asker);
            DataOutputStream frames = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(asker)));
            int status = answer(question(in), frames);
            frames.writeByte(END);
            frames.writeInt(status);
            frames.flush();
        } catch (IOException e) {
            // Whoever asked has gone, or was too slow; nobody is left to be told.
        } finally {
            done.countDown();
            exchanges.release();
        }
    }

    private int answer(String question, DataOutputStream frames) {
        try (PrintStream out = stream(frames, OUT);
                PrintStream err = stream(frames, ERR)) {
            Terminal plain = new Terminal(InputStream.nullInputStream(), out, err, false);
            try {
                JsonNode asked = Json.read(question);
                Terminal terminal = new Terminal(
                        InputStream.nullInputStream(),
                        out,
                        err,
                        asked.path("colour").asBoolean(false));
                return answers.answer(asked, terminal);
            } catch (CommandException e) {
                plain.say(Terminal.printable(String.valueOf(e.getMessage())));
                return e.failure().exitStatus();
            } catch (RuntimeException e) {
                // The message may quote a secret, the class does not.
                plain.say("a bug: " + e.getClass().getName());
                return Failure.BUG.exitStatus();
            }
        }
    }

    /** Frames of what is printed; closing it sends the rest and leaves {@code frames} open. */
    private static PrintStream stream(DataOutputStream frames, int number) {
        OutputStream framed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                for (int done = 0; done < length; ) {
                    int part = Math.min(length - done, LARGEST_FRAME_BYTES);
                    frames.writeByte(number);
                    frames.writeInt(part);
                    frames.write(bytes, from + done, part);
                    done += part;
                }
            }
        };
        return new PrintStream(new BufferedOutputStream(framed), false, StandardCharsets.UTF_8);
    }

    private static String question(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0 || line.size() == LARGEST_QUESTION_BYTES) {
                throw new IOException("no question");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /** Who does not ask or listen in time is cut off: a stopped process must not hold a thread for ever. */
    private static CountDownLatch closeInTime(SocketChannel channel) {
        CountDownLatch done = new CountDownLatch(1);
        start("credfs-control-deadline", () -> {
            try (channel) {
                done.await(LONGEST_EXCHANGE.toMillis(), TimeUnit.MILLISECONDS);
            } catch (IOException | InterruptedException e) {
                // Then it is closed already, or the process ends.
            }
        });
        return done;
    }

    /**
     * Asks the daemon that writes a log, and prints what it answers.
     *
     * @return the exit status it answered with; nothing where no daemon runs
     * @throws CommandException if there is one that cannot be asked
     */
    static OptionalInt ask(Path audit, String question, Terminal terminal) throws CommandException {
        Path socket = of(audit);
        try (SocketChannel daemon = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            if (!connects(daemon, socket)) {
                return OptionalInt.empty();
            }
            CountDownLatch done = closeInTime(daemon);
            try {
                Channels.newOutputStream(daemon).write((question + "\n").getBytes(StandardCharsets.UTF_8));
                return OptionalInt.of(print(new DataInputStream(Channels.newInputStream(daemon)), terminal));
            } finally {
                done.countDown();
            }
        } catch (IOException e) {
            throw new CommandException(
                    Failure.NOT_MOUNTED, "the daemon at " + socket + " does not answer: it is busy, stopped or ending");
        }
    }

    /**
     * Asks the daemon of a configuration, and prints what it answers.
     *
     * @return the exit status it answered with
     * @throws CommandException if there is none, or it cannot be asked
     */
    static int require(Path config, String question, Terminal terminal) throws CommandException {
        Path audit = Loaded.auditOf(config);
        OptionalInt status = ask(audit, question, terminal);
        if (status.isEmpty()) {
            throw new CommandException(
                    Failure.NOT_MOUNTED, "no mount of " + config + " runs: nobody answers at " + of(audit));
        }
        return status.getAsInt();
    }

    private static boolean connects(SocketChannel daemon, Path socket) throws CommandException {
        try {
            // Before connect, which has one exception for what is not there and what is forbidden.
            Files.readAttributes(socket, "unix:mode", LinkOption.NOFOLLOW_LINKS);
            return daemon.connect(UnixDomainSocketAddress.of(socket));
        } catch (AccessDeniedException e) {
            throw new CommandException(
                    Failure.CALLER_REFUSED, "the daemon at " + socket + " answers its own user and root only");
        } catch (IOException nobody) {
            return false;
        }
    }

    private static int print(DataInputStream frames, Terminal terminal) throws IOException {
        while (true) {
            int number = frames.readUnsignedByte();
            if (number == END) {
                return frames.readInt();
            }
            byte[] text = frames.readNBytes(Math.min(frames.readInt(), LARGEST_FRAME_BYTES));
            (number == OUT ? terminal.out() : terminal.err()).write(text, 0, text.length);
        }
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(socket);
            Files.deleteIfExists(socket.resolveSibling(""));
        } catch (IOException e) {
            // What is left is taken away by the next start.
        }
    }
}
