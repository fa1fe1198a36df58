package dev.credfs.caveat;

import java.util.Optional;

/**
 * A predicate that is not of the caveat language. It always prohibits: somebody meant to restrict, and we cannot tell how.
 *
 * @param predicate the text as it stands in the macaroon, each character one byte
 * @param problem why it was not understood
 */
public record Unrecognized(String predicate, String problem) implements Caveat {
    @Override
    public Optional<Prohibition> prohibits(Access access) {
        return because("not understood: " + problem);
    }
}
