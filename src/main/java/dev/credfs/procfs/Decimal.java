package dev.credfs.procfs;

import dev.credfs.policy.RefusedException;

/** Numbers as the kernel prints them: ASCII digits and nothing else. */
final class Decimal {
    /** The largest number of digits of which every value fits a {@code long}. */
    private static final int MAX_DIGITS = 18;

    private Decimal() {}

    /**
     * Reads a number of 0 or more.
     *
     * @param file where it stands, for the refusal
     */
    static long parse(String text, String file) throws RefusedException {
        if (text.isEmpty() || text.length() > MAX_DIGITS) {
            throw notUnderstood(file);
        }
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                throw notUnderstood(file);
            }
            value = value * 10 + (c - '0');
        }
        return value;
    }

    private static RefusedException notUnderstood(String file) {
        return Doubt.because("its " + file + " file is not understood");
    }
}
