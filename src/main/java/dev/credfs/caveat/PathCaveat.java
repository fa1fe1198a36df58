package dev.credfs.caveat;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * {@code path = /repos/acme/** /user}: one of these globs covers the request's path; the query does not count.
 *
 * @param globs at least one, none twice
 */
public record PathCaveat(List<PathGlob> globs) implements Caveat {
    static final String KEY = "path";

    public PathCaveat {
        globs = Scan.entries(KEY, globs);
    }

    /**
     * Reads a list of globs separated by single spaces.
     *
     * @throws CaveatSyntaxException at the first character that is not of a glob
     */
    public static PathCaveat parseValue(String value) throws CaveatSyntaxException {
        return new PathCaveat(Scan.list(value, ' ', PathGlob::parse));
    }

    @Override
    public String predicate() {
        return KEY + " = " + globs.stream().map(PathGlob::toString).collect(Collectors.joining(" "));
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        for (PathGlob glob : globs) {
            if (glob.covers(access.path())) {
                return Optional.empty();
            }
        }
        return because("the path is " + access.path());
    }
}
