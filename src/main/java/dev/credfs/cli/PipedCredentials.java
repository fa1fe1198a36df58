package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Credentials that come through stdin at the start, each a line {@code NAME=VALUE}: for those who keep them in a manager of
 * their own and on no disk. Stdin must end. A message names lines and names, never a value.
 */
final class PipedCredentials {
    private static final int MAX_BYTES = 64 * 1024;
    private static final int MAX_NAME = 64;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");

    private final InputStream stdin;
    private @Nullable Map<String, SecretBytes> values;

    /** @param stdin read to its end when the first value is asked for, and else not at all */
    PipedCredentials(InputStream stdin) {
        this.stdin = stdin;
    }

    static PipedCredentials none() {
        return new PipedCredentials(InputStream.nullInputStream());
    }

    private Map<String, SecretBytes> values() throws CommandException {
        Map<String, SecretBytes> known = values;
        if (known == null) {
            known = read();
            values = known;
        }
        return known;
    }

    private Map<String, SecretBytes> read() throws CommandException {
        byte[] input;
        try {
            input = stdin.readNBytes(MAX_BYTES + 1);
        } catch (IOException e) {
            throw unusable("cannot be read: " + Problems.of(e));
        }
        try {
            if (input.length == 0) {
                throw unusable("is empty: pipe a line NAME=VALUE into it for each 'stdin: NAME' of the configuration");
            }
            if (input.length > MAX_BYTES) {
                throw unusable("holds more than " + MAX_BYTES + " bytes");
            }
            return parse(input);
        } finally {
            Arrays.fill(input, (byte) 0);
        }
    }

    private static Map<String, SecretBytes> parse(byte[] input) throws CommandException {
        Map<String, SecretBytes> values = new HashMap<>();
        int number = 0;
        int start = 0;
        while (start < input.length) {
            number++;
            int end = start;
            while (end < input.length && input[end] != '\n') {
                end++;
            }
            int equals = start;
            while (equals < end && equals - start <= MAX_NAME && input[equals] != '=') {
                equals++;
            }
            // Only what is a name by its form becomes a String: it may be a value whose name was forgotten.
            String name = equals < end && input[equals] == '=' ? name(input, start, equals) : "";
            if (name.isEmpty()) {
                throw unusable("line " + number + " is not NAME=VALUE");
            }
            byte[] value = Arrays.copyOfRange(input, equals + 1, end);
            SecretBytes before = values.put(name, SecretBytes.copyOf(value));
            Arrays.fill(value, (byte) 0);
            if (before != null) {
                throw unusable("line " + number + " gives a name a second value");
            }
            start = end + 1;
        }
        return values;
    }

    private static String name(byte[] input, int start, int end) {
        StringBuilder name = new StringBuilder();
        for (int i = start; i < end; i++) {
            name.append((char) (input[i] & 0xff));
        }
        return NAME.matcher(name).matches() ? name.toString() : "";
    }

    /** The value of {@code name}; also after a reload, when stdin has long been at its end. */
    SecretBytes take(String name) throws CommandException {
        SecretBytes value = values().get(name);
        if (value == null) {
            throw unusable("has no line '" + name + "=…', which the configuration asks for");
        }
        return value;
    }

    /** Refuses values that nobody asked for: one of them is the one that was meant. */
    void requireNoOther(Set<String> names) throws CommandException {
        int left = 0;
        for (String name : values == null ? names : values.keySet()) {
            left += names.contains(name) ? 0 : 1;
        }
        if (left > 0) {
            throw unusable("has " + left + " more line" + (left == 1 ? "" : "s")
                    + " than the configuration has names with 'stdin'");
        }
    }

    private static CommandException unusable(String why) {
        return new CommandException(Failure.MASTER_UNAVAILABLE, "stdin " + why);
    }
}
