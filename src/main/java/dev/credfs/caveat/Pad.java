package dev.credfs.caveat;

import java.util.Optional;

/**
 * {@code pad = xxxx}: prohibits nothing; it evens out the length of tokens that one file gives to different callers.
 *
 * @param length number of {@code x}, at least 1
 */
public record Pad(int length) implements Caveat {
    static final String KEY = "pad";
    private static final String PREFIX = KEY + " = ";

    public Pad {
        if (length < 1 || length > MAX_BYTES - PREFIX.length()) {
            throw new IllegalArgumentException("not a padding length: " + length);
        }
    }

    static Pad parseValue(String value) throws CaveatSyntaxException {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) != 'x') {
                throw new CaveatSyntaxException(value, i, "padding is made of 'x'");
            }
        }
        if (value.isEmpty()) {
            throw new CaveatSyntaxException(value, 0, "padding has at least one 'x'");
        }
        return new Pad(value.length());
    }

    @Override
    public String predicate() {
        return PREFIX + "x".repeat(length);
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        return Optional.empty();
    }
}
