package dev.credfs.caveat;

import java.util.List;
import java.util.Optional;

/**
 * {@code method = GET,HEAD}: the request's method is one of these, compared exactly, and so is that of a request which it
 * announces.
 *
 * @param methods at least one, none twice, upper-case
 */
public record MethodCaveat(List<String> methods) implements Caveat {
    static final String KEY = "method";
    private static final int MAX_CHARACTERS = 32;

    public MethodCaveat {
        methods = Scan.entries(KEY, methods);
        for (String method : methods) {
            if (firstWrongCharacter(method) >= 0) {
                throw new IllegalArgumentException("not an upper-case method: " + method);
            }
        }
    }

    /**
     * Reads a comma-separated list of methods.
     *
     * @throws CaveatSyntaxException at the first character that is not of an upper-case method
     */
    public static MethodCaveat parseValue(String value) throws CaveatSyntaxException {
        return new MethodCaveat(Scan.list(value, ',', MethodCaveat::parseMethod));
    }

    /**
     * Reads one method.
     *
     * @throws CaveatSyntaxException at the first character that is not of an upper-case method
     */
    static String parseMethod(String text) throws CaveatSyntaxException {
        int wrong = firstWrongCharacter(text);
        if (wrong >= 0) {
            throw new CaveatSyntaxException(text, wrong, "a method is 1 to 32 upper-case letters or '-'");
        }
        return text;
    }

    private static int firstWrongCharacter(String text) {
        for (int i = 0; i < Math.min(text.length(), MAX_CHARACTERS); i++) {
            char c = text.charAt(i);
            if (!Scan.isUpper(c) && !(c == '-' && i > 0)) {
                return i;
            }
        }
        return text.isEmpty() || text.length() > MAX_CHARACTERS ? Math.min(text.length(), MAX_CHARACTERS) : -1;
    }

    @Override
    public String predicate() {
        return Scan.predicate(KEY, methods, ',');
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        if (!methods.contains(access.method())) {
            return because("the method is " + access.method());
        }
        Optional<Access.Announced> next = access.announced();
        return next.isPresent() && !methods.contains(next.get().method())
                ? because(next.get().why())
                : Optional.empty();
    }
}
