package dev.credfs.caveat;

import java.util.Optional;

/**
 * {@code aud = gateway.local}: the one verifier that the token is for, compared exactly.
 *
 * @param name 1 to 255 characters of {@code [A-Za-z0-9._:/-]}
 */
public record Audience(String name) implements Caveat {
    static final String KEY = "aud";
    private static final int MAX_CHARACTERS = 255;

    public Audience {
        if (firstWrongCharacter(name) >= 0) {
            throw new IllegalArgumentException("not an audience");
        }
    }

    private static int firstWrongCharacter(String text) {
        for (int i = 0; i < Math.min(text.length(), MAX_CHARACTERS); i++) {
            char c = text.charAt(i);
            if (!Scan.isAlphanumeric(c) && "._:/-".indexOf(c) < 0) {
                return i;
            }
        }
        return text.isEmpty() || text.length() > MAX_CHARACTERS ? Math.min(text.length(), MAX_CHARACTERS) : -1;
    }

    /**
     * Reads an audience.
     *
     * @throws CaveatSyntaxException at the first character that cannot stand in one
     */
    public static Audience parseValue(String value) throws CaveatSyntaxException {
        int wrong = firstWrongCharacter(value);
        if (wrong >= 0) {
            throw new CaveatSyntaxException(
                    value, wrong, "an audience is 1 to 255 characters of A-Z a-z 0-9 . _ : / -");
        }
        return new Audience(value);
    }

    @Override
    public String predicate() {
        return KEY + " = " + name;
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        return access.audience().equals(this.name)
                ? Optional.empty()
                : because("this verifier is '" + access.audience() + "'");
    }
}
