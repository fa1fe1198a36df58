package dev.credfs.procfs;

import dev.credfs.policy.RefusedException;
import java.nio.charset.StandardCharsets;

/**
 * What one look at {@code /proc/<tid>/stat} says.
 *
 * @param number field 1, the id of the task
 * @param state field 3, one letter
 * @param flags field 9, {@code PF_…} of the kernel's {@code sched.h}
 * @param startTicks field 22: clock ticks from boot to its start
 */
record StatLine(int number, char state, long flags, long startTicks) {
    private static final int FIELDS_FROM_STATE_TO_FLAGS = 6;
    private static final int FIELDS_FROM_FLAGS_TO_START = 13;
    private static final long PF_EXITING = 0x4;

    /**
     * Reads a line such as {@code 7 (sh) S 1 7 … 4711 …}. The name in parentheses is the task's own to choose, and can hold
     * spaces, newlines and parentheses ({@code ") R 1 ("}): only what follows the last one is of the kernel.
     */
    static StatLine parse(byte[] content) throws RefusedException {
        int length = content.length;
        int open = indexOf(content, length, '(');
        int close = lastIndexOf(content, length, ')');
        if (open < 2 || close < open || length == 0 || content[length - 1] != '\n') {
            throw Doubt.because("its stat file is cut off");
        }
        if (close + 3 >= length || content[close + 1] != ' ' || content[close + 3] != ' ' || content[open - 1] != ' ') {
            throw Doubt.because("its stat file is not understood");
        }
        long number = decimal(content, 0, open - 1);
        int flagsFrom = skip(content, close + 2, length, FIELDS_FROM_STATE_TO_FLAGS);
        long flags = decimal(content, flagsFrom, endOfField(content, flagsFrom, length));
        int startFrom = skip(content, flagsFrom, length, FIELDS_FROM_FLAGS_TO_START);
        long startTicks = decimal(content, startFrom, endOfField(content, startFrom, length));
        if (number <= 0 || number > Integer.MAX_VALUE) {
            throw Doubt.because("its stat file is not understood");
        }
        return new StatLine((int) number, (char) content[close + 2], flags, startTicks);
    }

    /**
     * Exited, or about to: it asks for nothing any more. From the flag on, before the state says so, cgroup v1 shows a task
     * in the root of each hierarchy ({@code proc_cgroup_show} in the kernel's {@code cgroup.c}), which is not where it was.
     */
    boolean dead() {
        return state == 'Z' || state == 'X' || state == 'x' || (flags & PF_EXITING) != 0;
    }

    private static int indexOf(byte[] content, int length, char wanted) {
        for (int i = 0; i < length; i++) {
            if (content[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static int lastIndexOf(byte[] content, int length, char wanted) {
        for (int i = length - 1; i >= 0; i--) {
            if (content[i] == wanted) {
                return i;
            }
        }
        return -1;
    }

    private static int skip(byte[] content, int from, int length, int fields) throws RefusedException {
        int at = from;
        for (int i = 0; i < fields; i++) {
            at = endOfField(content, at, length) + 1;
        }
        return at;
    }

    private static int endOfField(byte[] content, int from, int length) throws RefusedException {
        for (int i = from; i < length; i++) {
            if (content[i] == ' ') {
                return i;
            }
        }
        throw Doubt.because("its stat file is cut off");
    }

    private static long decimal(byte[] content, int from, int to) throws RefusedException {
        return Decimal.parse(new String(content, from, to - from, StandardCharsets.ISO_8859_1), "stat");
    }
}
