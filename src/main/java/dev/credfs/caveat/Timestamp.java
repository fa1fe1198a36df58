package dev.credfs.caveat;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

/** Points in time as the caveat language writes them: {@code 2026-01-02T03:04:05Z}, 20 characters. */
final class Timestamp {
    /** The digits stand where the letter d does. */
    private static final String SHAPE = "dddd-dd-ddTdd:dd:ddZ";

    private static final Pattern RFC_3339 = Pattern.compile(
            "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}" + "(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})");
    private static final Instant YEAR_10000 = Instant.parse("+10000-01-01T00:00:00Z");
    private static final Instant YEAR_0 = Instant.parse("0000-01-01T00:00:00Z");

    private Timestamp() {}

    static Instant parse(String text) throws CaveatSyntaxException {
        int wrong = firstWrongCharacter(text);
        if (wrong >= 0) {
            throw new CaveatSyntaxException(text, wrong, "expected a time such as 2026-01-02T03:04:05Z");
        }
        try {
            // Takes a tenth as long as Instant.parse, which accepts 24:00:00 and the leap second 23:59:60 too.
            return LocalDateTime.of(
                            number(text, 0, 4),
                            number(text, 5, 2),
                            number(text, 8, 2),
                            number(text, 11, 2),
                            number(text, 14, 2),
                            number(text, 17, 2))
                    .toInstant(ZoneOffset.UTC);
        } catch (DateTimeException e) {
            throw new CaveatSyntaxException(text, 0, "there is no such date or time of day");
        }
    }

    private static int number(String text, int from, int digits) {
        int number = 0;
        for (int i = from; i < from + digits; i++) {
            number = number * 10 + (text.charAt(i) - '0');
        }
        return number;
    }

    private static int firstWrongCharacter(String text) {
        for (int i = 0; i < Math.min(text.length(), SHAPE.length()); i++) {
            char c = text.charAt(i);
            if (SHAPE.charAt(i) == 'd' ? !Scan.isDigit(c) : c != SHAPE.charAt(i)) {
                return i;
            }
        }
        return text.length() == SHAPE.length() ? -1 : Math.min(text.length(), SHAPE.length());
    }

    static Instant parseRfc3339(String text) throws CaveatSyntaxException {
        if (!RFC_3339.matcher(text).matches()) {
            throw new CaveatSyntaxException(text, 0, "expected an RFC 3339 time");
        }
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new CaveatSyntaxException(text, 0, "there is no such date or time of day");
        }
    }

    /** By hand: each token has one, and the JDK's formatter takes ten times as long. */
    static String print(Instant wholeSeconds) {
        LocalDateTime time = LocalDateTime.ofEpochSecond(wholeSeconds.getEpochSecond(), 0, ZoneOffset.UTC);
        byte[] text = new byte[SHAPE.length()];
        putDigits(time.getYear(), text, 0, 4);
        text[4] = '-';
        putDigits(time.getMonthValue(), text, 5, 2);
        text[7] = '-';
        putDigits(time.getDayOfMonth(), text, 8, 2);
        text[10] = 'T';
        putDigits(time.getHour(), text, 11, 2);
        text[13] = ':';
        putDigits(time.getMinute(), text, 14, 2);
        text[16] = ':';
        putDigits(time.getSecond(), text, 17, 2);
        text[19] = 'Z';
        return new String(text, StandardCharsets.US_ASCII);
    }

    private static void putDigits(int number, byte[] text, int from, int digits) {
        int left = number;
        for (int i = from + digits - 1; i >= from; i--) {
            text[i] = (byte) ('0' + left % 10);
            left /= 10;
        }
    }

    static Instant requireWholeSeconds(Instant instant) {
        if (!instant.equals(instant.truncatedTo(ChronoUnit.SECONDS))
                || instant.isBefore(YEAR_0)
                || !instant.isBefore(YEAR_10000)) {
            throw new IllegalArgumentException("not a whole second of the years 0 to 9999: " + instant);
        }
        return instant;
    }
}
