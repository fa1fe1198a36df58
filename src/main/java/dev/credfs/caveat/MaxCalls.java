package dev.credfs.caveat;

import java.util.Optional;

/**
 * {@code max-calls = 20}: the token is spent on at most this many requests. Only a verifier that counts can clear it.
 *
 * @param calls 1 to 1,000,000,000
 */
public record MaxCalls(int calls) implements Caveat {
    static final String KEY = "max-calls";
    private static final int MAX = 1_000_000_000;

    public MaxCalls {
        if (calls < 1 || calls > MAX) {
            throw new IllegalArgumentException("not a number of calls: " + calls);
        }
    }

    static MaxCalls parseValue(String value) throws CaveatSyntaxException {
        return new MaxCalls(Scan.positive(value, MAX));
    }

    @Override
    public String predicate() {
        return KEY + " = " + calls;
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        if (access.callNumber() == 0) {
            return because("this verifier does not count calls");
        }
        return access.callNumber() <= calls ? Optional.empty() : because("all calls are spent");
    }
}
