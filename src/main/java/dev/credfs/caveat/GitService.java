package dev.credfs.caveat;

import java.util.List;
import java.util.Optional;

/**
 * What git is about to do, as the first request of its smart HTTP protocol says it: {@code GET
 * <repository>/info/refs?service=git-upload-pack} to read, {@code …?service=git-receive-pack} to push (gitprotocol-http(5)).
 */
final class GitService {
    private static final String PARAMETER = "service=";
    private static final String PREFIX = "git-";
    private static final String SHAPE = "the query of info/refs is 'service=git-upload-pack', or another service alone";

    private GitService() {}

    /**
     * The request that {@code info/refs} announces; nothing for any other path, and where it names no service.
     *
     * @throws CaveatSyntaxException for a query of {@code info/refs} that is not exactly one service, in its own letters
     */
    static Optional<Access.Announced> announced(RequestPath path, String query) throws CaveatSyntaxException {
        List<String> names = path.segments();
        // Some servers drop a final slash before they look for the route.
        int last = names.size() - (names.get(names.size() - 1).isEmpty() ? 2 : 1);
        if (last < 1 || !names.get(last).equals("refs") || !names.get(last - 1).equals("info") || query.isEmpty()) {
            return Optional.empty();
        }
        String expected = PARAMETER + PREFIX;
        for (int i = 0; i < query.length(); i++) {
            char c = query.charAt(i);
            if (i < expected.length() ? c != expected.charAt(i) : !Scan.isLower(c) && c != '-') {
                throw new CaveatSyntaxException(query, i, SHAPE);
            }
        }
        if (query.length() <= expected.length()) {
            throw new CaveatSyntaxException(query, query.length(), SHAPE);
        }
        String text = path.toString();
        int end = text.length();
        for (int cut = names.size() - 1; cut >= last - 1; cut--) {
            end = text.lastIndexOf('/', end - 1);
        }
        String repository = text.substring(0, end);
        return Optional.of(new Access.Announced(
                "POST", RequestPath.parse(repository + "/" + query.substring(PARAMETER.length()))));
    }

    /** The query that announces a request for {@code path}, with its question mark. */
    static String query(RequestPath path) {
        List<String> names = path.segments();
        return "?" + PARAMETER + names.get(names.size() - 1);
    }
}
