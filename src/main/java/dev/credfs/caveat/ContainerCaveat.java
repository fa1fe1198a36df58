package dev.credfs.caveat;

import java.util.Optional;

/**
 * {@code container = <64 hex>}: the presenter is a process of the container that read the token. Only a verifier that sees
 * its peer (a unix socket) can clear it.
 *
 * @param idSha256 SHA-256 of the container's id as its cgroup names it, 64 lower-case hex digits: of one width for every
 *     runtime, since a file's length must not depend on its reader
 */
public record ContainerCaveat(String idSha256) implements Caveat {
    static final String KEY = "container";
    private static final int LENGTH = 64;

    public ContainerCaveat {
        if (firstWrongCharacter(idSha256) >= 0) {
            throw new IllegalArgumentException("not 64 lower-case hex digits");
        }
    }

    private static int firstWrongCharacter(String text) {
        for (int i = 0; i < Math.min(text.length(), LENGTH); i++) {
            if (!Scan.isLowerHex(text.charAt(i))) {
                return i;
            }
        }
        return text.length() == LENGTH ? -1 : Math.min(text.length(), LENGTH);
    }

    static ContainerCaveat parseValue(String value) throws CaveatSyntaxException {
        int wrong = firstWrongCharacter(value);
        if (wrong >= 0) {
            throw new CaveatSyntaxException(value, wrong, "expected 64 lower-case hex digits");
        }
        return new ContainerCaveat(value);
    }

    @Override
    public String predicate() {
        return KEY + " = " + idSha256;
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        if (access.presenterContainer().isEmpty()) {
            return because("this verifier does not see which container presents the token");
        }
        return access.presenterContainer().equals(idSha256)
                ? Optional.empty()
                : because("the presenter is not in that container");
    }
}
