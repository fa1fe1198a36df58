package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * The three streams of a command.
 *
 * @param in where tokens come from
 * @param out data, and nothing else
 * @param err messages
 * @param colour whether {@code out} is a terminal that wants colours
 */
record Terminal(InputStream in, PrintStream out, PrintStream err, boolean colour) {
    private static final int MAX_INPUT_BYTES = 64 * 1024;

    /** True when {@code err} is the process's own and leads to a terminal; Java 17 asks only about stdin and stdout at once. */
    boolean isErrTerminal() {
        return err == System.err && leadsToTerminal("2");
    }

    private static boolean leadsToTerminal(String descriptor) {
        try {
            String leadsTo =
                    Files.readSymbolicLink(Path.of("/proc/self/fd", descriptor)).toString();
            return leadsTo.startsWith("/dev/pts/") || leadsTo.startsWith("/dev/tty");
        } catch (IOException e) {
            return false;
        }
    }

    /** True when {@code in} is the process's own and a person types there. */
    boolean isInTerminal() {
        return in == System.in && leadsToTerminal("0");
    }

    /** A line about what is going on. */
    void say(String message) {
        err.println("credfs: " + message);
    }

    /** One line for a refused or a passed check, told apart by its sign and, on a terminal, by its colour. */
    void check(boolean passed, String text) {
        String line = (passed ? "✓ " : "✗ ") + printable(text);
        out.println(colour ? (passed ? "\u001b[32m" : "\u001b[31m") + line + "\u001b[0m" : line);
    }

    /** Text from outside, so that it cannot steer a terminal or look like another line. */
    static String printable(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean control = c < ' ' || (c >= 0x7f && c < 0xa0);
            shown.append(control ? "\\x" + String.format(Locale.ROOT, "%02x", (int) c) : c);
        }
        return shown.toString();
    }

    /**
     * All of stdin.
     *
     * @param wrong what it is if there is nothing, or too much
     * @param what should be there: {@code a token}
     */
    byte[] readInput(Failure wrong, String what) throws CommandException {
        byte[] input;
        try {
            input = in.readNBytes(MAX_INPUT_BYTES + 1);
        } catch (IOException e) {
            throw new CommandException(Failure.USAGE, "cannot read stdin: " + Problems.of(e));
        }
        if (input.length == 0) {
            throw new CommandException(wrong, "stdin is empty: pipe " + what + " into it");
        }
        if (input.length > MAX_INPUT_BYTES) {
            Arrays.fill(input, (byte) 0);
            throw new CommandException(wrong, "stdin holds more than " + MAX_INPUT_BYTES + " bytes");
        }
        return input;
    }
}
