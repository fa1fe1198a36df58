package dev.credfs.gateway;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.MethodCaveat;
import dev.credfs.caveat.PathCaveat;
import dev.credfs.caveat.PathGlob;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an installation token of a GitHub App is asked for, as far as the caveats of the token that it is for say it.
 *
 * @param container hash of the container that asks, or empty: two containers share no token
 * @param repositories names without their owner; empty for all of the installation's
 * @param readOnly whether permissions are only to read
 */
record GithubScope(String container, List<String> repositories, boolean readOnly) {
    /** The API's paths, and those of git. */
    private static final Pattern REPOSITORY = Pattern.compile(
            "(?:/repos/([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+)|/([A-Za-z0-9._-]+)/([A-Za-z0-9._-]+)\\.git)(?:/.*)?");

    private static final Set<String> READING = Set.of("GET", "HEAD");

    /**
     * The scope of a token with these caveats.
     *
     * @param basePath of the upstream, which stands before every path
     */
    static GithubScope of(List<Caveat> caveats, String basePath, String container) {
        List<String> repositories = List.of();
        boolean readOnly = false;
        for (Caveat caveat : caveats) {
            if (caveat instanceof MethodCaveat methods) {
                readOnly |= READING.containsAll(methods.methods());
            } else if (caveat instanceof PathCaveat paths && repositories.isEmpty()) {
                repositories = repositories(paths.globs(), basePath);
            }
        }
        return new GithubScope(container, repositories, readOnly);
    }

    /** Of one owner, and all of them named; else none. */
    private static List<String> repositories(List<PathGlob> globs, String basePath) {
        Set<String> names = new TreeSet<>();
        Set<String> owners = new TreeSet<>();
        for (PathGlob glob : globs) {
            String path = glob.toString();
            Matcher named = REPOSITORY.matcher(path.startsWith(basePath) ? path.substring(basePath.length()) : "");
            if (!named.matches()) {
                return List.of();
            }
            boolean api = named.group(1) != null;
            owners.add(named.group(api ? 1 : 3).toLowerCase(Locale.ROOT));
            names.add(named.group(api ? 2 : 4));
        }
        return owners.size() == 1 ? List.copyOf(names) : List.of();
    }
}
