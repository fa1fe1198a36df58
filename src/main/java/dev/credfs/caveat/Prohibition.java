package dev.credfs.caveat;

/**
 * Why a token does not clear an access.
 *
 * @param caveat the predicate that stands in the way, or the name of the one that is missing; safe to print: what is not
 *     printable ASCII is escaped, since anybody can write a predicate
 * @param why what was asked and what it allows, lower case, without a full stop
 */
public record Prohibition(String caveat, String why) {
    public Prohibition {
        caveat = Scan.printable(caveat);
    }

    @Override
    public String toString() {
        return caveat + ": " + why;
    }
}
