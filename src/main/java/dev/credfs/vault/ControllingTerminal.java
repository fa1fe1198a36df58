package dev.credfs.vault;

import dev.credfs.crypto.SecretBytes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The terminal that a person sits at, {@code /dev/tty}, whatever stdin and stdout are. */
public final class ControllingTerminal implements AutoCloseable {
    /** N_TTY cuts longer lines without a word: ours must notice. */
    private static final int MAX_LINE_BYTES = 4095;

    private final int fd;

    private ControllingTerminal(int fd) {
        this.fd = fd;
    }

    /**
     * Opens it.
     *
     * @throws VaultException if nobody sits there, or somebody else asks
     */
    public static ControllingTerminal open() throws VaultException {
        int fd = Native.LIBC.open("/dev/tty", Native.O_RDWR | Native.O_CLOEXEC, 0);
        if (fd < 0) {
            throw new VaultException("there is no terminal to ask at");
        }
        if (Native.LIBC.tcgetpgrp(fd) != Native.LIBC.getpgrp()) {
            // The kernel would stop this process without a word.
            Native.LIBC.close(fd);
            throw new VaultException("this process is in the background of its terminal");
        }
        return new ControllingTerminal(fd);
    }

    /** A line, shown while it is typed, without its end. */
    public String ask(String prompt) throws VaultException {
        print(prompt);
        byte[] line = readLine();
        return new String(line, StandardCharsets.UTF_8);
    }

    /**
     * A line that is not shown. Empty input is a secret of length 0.
     *
     * @throws VaultException if the line is longer than a terminal passes on
     */
    public SecretBytes askSecretly(String prompt) throws VaultException {
        byte[] shown = new byte[Native.TERMIOS_BYTES];
        if (Native.LIBC.tcgetattr(fd, shown) != 0) {
            throw new VaultException("the terminal does not say whether it echoes");
        }
        ByteBuffer hidden = ByteBuffer.wrap(shown.clone()).order(ByteOrder.nativeOrder());
        hidden.putInt(Native.LFLAG_AT, hidden.getInt(Native.LFLAG_AT) & ~Native.ECHO);
        // A Ctrl-C in between must not leave the shell without echo.
        Thread restore = new Thread(() -> Native.LIBC.tcsetattr(fd, Native.TCSAFLUSH, shown));
        Runtime.getRuntime().addShutdownHook(restore);
        try {
            // Flushed: what was typed before the echo went is not part of a secret.
            if (Native.LIBC.tcsetattr(fd, Native.TCSAFLUSH, hidden.array()) != 0) {
                throw new VaultException("the terminal does not switch its echo off");
            }
            print(prompt);
            byte[] line = readLine();
            try {
                return SecretBytes.copyOf(line);
            } finally {
                Arrays.fill(line, (byte) 0);
            }
        } finally {
            Native.LIBC.tcsetattr(fd, Native.TCSAFLUSH, shown);
            print("\n");
            forget(restore);
        }
    }

    private static void forget(Thread restore) {
        try {
            Runtime.getRuntime().removeShutdownHook(restore);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook has run or will.
        }
    }

    /** Puts text on it. */
    public void print(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Native.LIBC.write(fd, bytes, bytes.length);
    }

    private byte[] readLine() throws VaultException {
        byte[] line = new byte[MAX_LINE_BYTES + 1];
        byte[] some = new byte[MAX_LINE_BYTES + 1];
        int length = 0;
        try {
            while (true) {
                long got = Native.LIBC.read(fd, some, some.length - length);
                if (got < 0 && Native.lastErrno() == Native.EINTR) {
                    continue;
                }
                if (got <= 0) {
                    throw new VaultException("the terminal was closed");
                }
                System.arraycopy(some, 0, line, length, (int) got);
                length += (int) got;
                if (line[length - 1] == '\n') {
                    if (length > MAX_LINE_BYTES) {
                        throw new VaultException(
                                "a terminal cuts lines of " + MAX_LINE_BYTES + " bytes: pass the value on stdin");
                    }
                    return Arrays.copyOf(line, length - 1);
                }
                if (length == line.length) {
                    throw new VaultException("the line is too long");
                }
            }
        } finally {
            Arrays.fill(line, (byte) 0);
            Arrays.fill(some, (byte) 0);
        }
    }

    @Override
    public void close() {
        Native.LIBC.close(fd);
    }
}
