package dev.credfs.caveat;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One restriction on the use of a token. A caveat can only prohibit.
 */
public sealed interface Caveat
        permits TokenId,
                Audience,
                HostCaveat,
                MethodCaveat,
                PathCaveat,
                ContainerCaveat,
                ClientIp,
                MaxCalls,
                Pad,
                NotBefore,
                Expiry,
                LegacyExpiry,
                Unrecognized {

    /** The longest predicate, in bytes. */
    int MAX_BYTES = 1024;

    /** The caveat as it stands in a macaroon: the one spelling it has. */
    String predicate();

    /** The predicate for a terminal or a log: what is not printable ASCII is escaped, since anybody can write one. */
    default String printable() {
        return Scan.printable(predicate());
    }

    /** Why this caveat stands in the way of {@code access}, or empty where it does not. */
    Optional<Prohibition> prohibits(Access access);

    /**
     * Reads a caveat that a person wrote.
     *
     * @throws CaveatSyntaxException at the first character that is not of the language
     */
    static Caveat parse(String text) throws CaveatSyntaxException {
        return Predicates.parse(text);
    }

    /** Reads a predicate from a macaroon: what is not understood becomes a caveat that always prohibits. */
    static Caveat read(byte[] predicate) {
        // ISO 8859-1 keeps every byte apart, so that no two predicates become the same text.
        String text = new String(predicate, StandardCharsets.ISO_8859_1);
        try {
            return Predicates.parse(text);
        } catch (CaveatSyntaxException e) {
            return new Unrecognized(text, e.problem());
        }
    }

    /** This caveat's prohibition, for the given reason. */
    default Optional<Prohibition> because(String why) {
        return Optional.of(new Prohibition(predicate(), why));
    }
}
