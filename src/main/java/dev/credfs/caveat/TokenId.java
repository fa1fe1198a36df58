package dev.credfs.caveat;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * {@code jti = 01KX…}: the id of one token, by which it is found in the audit log and revoked. It prohibits nothing.
 *
 * @param ulid 26 characters of Crockford's base 32: 48 bits of milliseconds, 80 random bits (the ULID specification)
 */
public record TokenId(String ulid) implements Caveat {
    static final String KEY = "jti";
    static final int LENGTH = 26;
    private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final int TIME_CHARACTERS = 10;
    private static final int RANDOM_CHARACTERS = LENGTH - TIME_CHARACTERS;

    public TokenId {
        if (firstWrongCharacter(ulid) >= 0) {
            throw new IllegalArgumentException("not a ULID");
        }
    }

    /** A fresh id of the millisecond {@code now}, its random half from {@code random}. */
    public static TokenId fresh(Instant now, RandomGenerator random) {
        char[] text = new char[LENGTH];
        write(now.toEpochMilli(), text, 0, TIME_CHARACTERS);
        // A secure generator is asked once: each call costs it a round of its own, however little is wanted.
        ByteBuffer bits = ByteBuffer.allocate(2 * Long.BYTES);
        random.nextBytes(bits.array());
        write(bits.getLong(), text, TIME_CHARACTERS, RANDOM_CHARACTERS / 2);
        write(bits.getLong(), text, TIME_CHARACTERS + RANDOM_CHARACTERS / 2, RANDOM_CHARACTERS / 2);
        return new TokenId(new String(text));
    }

    private static void write(long bits, char[] text, int from, int characters) {
        for (int i = from + characters - 1; i >= from; i--) {
            text[i] = ALPHABET.charAt((int) (bits & 31));
            bits >>>= 5;
        }
    }

    /** When the id was made, as whoever made it says: its first 48 bits, in milliseconds. */
    public Instant unverifiedTime() {
        long millis = 0;
        for (int i = 0; i < TIME_CHARACTERS; i++) {
            millis = millis << 5 | ALPHABET.indexOf(ulid.charAt(i));
        }
        return Instant.ofEpochMilli(millis);
    }

    static int firstWrongCharacter(String text) {
        for (int i = 0; i < Math.min(text.length(), LENGTH); i++) {
            // 26 characters hold 130 bits: the first may only use three of its five.
            int value = ALPHABET.indexOf(text.charAt(i));
            if (value < 0 || (i == 0 && value > 7)) {
                return i;
            }
        }
        return text.length() == LENGTH ? -1 : Math.min(text.length(), LENGTH);
    }

    static TokenId parseValue(String value) throws CaveatSyntaxException {
        int wrong = firstWrongCharacter(value);
        if (wrong >= 0) {
            throw new CaveatSyntaxException(value, wrong, "a token id is a ULID of 26 characters of " + ALPHABET);
        }
        return new TokenId(value);
    }

    @Override
    public String predicate() {
        return KEY + " = " + ulid;
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        return Optional.empty();
    }
}
