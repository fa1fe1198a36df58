package dev.credfs.caveat;

import java.util.List;
import java.util.Optional;

/**
 * {@code path = /repos/acme/** /user}: one of these globs covers the request's path; the query does not count, but for git's
 * {@code info/refs?service=S}, where one must cover {@code S} beside {@code info/refs} as well.
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
        return Scan.predicate(KEY, globs, ' ');
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        if (!covers(access.path())) {
            return because("the path is " + access.path());
        }
        Optional<Access.Announced> next = access.announced();
        return next.isPresent() && !covers(next.get().path())
                ? because(next.get().why())
                : Optional.empty();
    }

    private boolean covers(RequestPath path) {
        for (PathGlob glob : globs) {
            if (glob.covers(path)) {
                return true;
            }
        }
        return false;
    }
}
