package dev.credfs.caveat;

/**
 * Why a token does not clear an access.
 *
 * @param caveat the predicate that stands in the way, or the name of the one that is missing
 * @param why what was asked and what it allows, lower case, without a full stop
 */
public record Prohibition(String caveat, String why) {
    @Override
    public String toString() {
        return caveat + ": " + why;
    }
}
