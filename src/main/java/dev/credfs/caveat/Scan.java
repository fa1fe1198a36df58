package dev.credfs.caveat;

import java.util.ArrayList;
import java.util.List;

/** What the parsers of the caveat language share. Characters are ASCII here: no locale, no Unicode digit, no NBSP. */
final class Scan {
    private Scan() {}

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }

    static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }

    static boolean isAlphanumeric(char c) {
        return isDigit(c) || isLower(c) || isUpper(c);
    }

    static boolean isLowerHex(char c) {
        return isDigit(c) || (c >= 'a' && c <= 'f');
    }

    /** One entry of a list. */
    interface Entry<T> {
        T parse(String text) throws CaveatSyntaxException;
    }

    /** Reads {@code a,b,c}: no empty entry, nothing twice, and columns counted in the whole text. */
    static <T> List<T> list(String text, char separator, Entry<T> entry) throws CaveatSyntaxException {
        List<T> entries = new ArrayList<>();
        int start = 0;
        while (true) {
            int end = text.indexOf(separator, start);
            String part = text.substring(start, end < 0 ? text.length() : end);
            try {
                T value = entry.parse(part);
                if (entries.contains(value)) {
                    throw new CaveatSyntaxException(part, 0, "stands in the list twice");
                }
                entries.add(value);
            } catch (CaveatSyntaxException e) {
                throw e.within(text, start);
            }
            if (end < 0) {
                return List.copyOf(entries);
            }
            start = end + 1;
        }
    }

    /** A decimal number from 1 to {@code max}, without leading zeros or sign. */
    static int positive(String text, int max) throws CaveatSyntaxException {
        long value = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!isDigit(c) || (i == 0 && c == '0')) {
                throw new CaveatSyntaxException(text, i, "expected a number from 1 to " + max);
            }
            value = value * 10 + (c - '0');
            if (value > max) {
                throw new CaveatSyntaxException(text, i, "expected a number from 1 to " + max);
            }
        }
        if (text.isEmpty()) {
            throw new CaveatSyntaxException(text, 0, "expected a number from 1 to " + max);
        }
        return (int) value;
    }
}
