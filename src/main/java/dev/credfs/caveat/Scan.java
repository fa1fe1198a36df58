package dev.credfs.caveat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;

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

    /** ASCII letters alone: {@link String#toLowerCase} makes a {@code k} of the Kelvin sign. */
    static String toLower(String text) {
        StringBuilder lower = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            lower.append(isUpper(c) ? (char) (c + 'a' - 'A') : c);
        }
        return lower.toString();
    }

    /** The text on one line and in ASCII: a log line stays one line, and a terminal is not steered by what it shows. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= ' ' && c <= '~') {
                printable.append(c);
            } else {
                printable.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        return printable.toString();
    }

    /** Whether {@code bytes}, one per character, are UTF-8: no lone byte, nothing overlong, no surrogate. */
    static boolean isUtf8(String bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }

    /**
     * The entries of a list caveat that was built rather than read: what {@link #list} would take.
     *
     * @throws IllegalArgumentException if there is none, one stands there twice, or the predicate would be too long
     */
    static <T> List<T> entries(String key, List<T> entries) {
        List<T> copy = List.copyOf(entries);
        if (copy.isEmpty() || new HashSet<>(copy).size() < copy.size()) {
            throw new IllegalArgumentException("a list in a caveat has one entry or more, and none twice");
        }
        int bytes = (key + " = ").length() + copy.size() - 1;
        for (T entry : copy) {
            bytes += entry.toString().length();
        }
        if (bytes > Caveat.MAX_BYTES) {
            throw new IllegalArgumentException("a caveat has at most " + Caveat.MAX_BYTES + " bytes");
        }
        return copy;
    }

    /** Such a list as it stands in a macaroon; each mint and each record writes some. */
    static String predicate(String key, List<?> entries, char separator) {
        StringBuilder predicate = new StringBuilder(key).append(" = ").append(entries.get(0));
        for (int i = 1; i < entries.size(); i++) {
            predicate.append(separator).append(entries.get(i));
        }
        return predicate.toString();
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
