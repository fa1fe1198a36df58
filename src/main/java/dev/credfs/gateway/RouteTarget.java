package dev.credfs.gateway;

import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.RequestPath;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;

/**
 * A request target such as {@code /github/repos/acme?page=2}, taken apart once.
 *
 * @param path at the upstream, its base path included: what caveats are about and what is sent are the same text
 * @param query without its question mark; empty where there is none
 */
record RouteTarget(RequestPath path, String query) {
    private static final int MAX_QUERY = 16 * 1024;

    /** The name of the route: the first segment, or empty for a target that has none. */
    static String routeName(String target) throws RefusedException {
        if (!target.startsWith("/")) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED, "the request target begins with '/': no absolute URL, no '*', no host");
        }
        int end = 1;
        while (end < target.length() && target.charAt(end) != '/' && target.charAt(end) != '?') {
            end++;
        }
        if (end == 1 && target.length() > 1) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, "the path is ambiguous: an empty segment");
        }
        return target.substring(1, end);
    }

    /** Of a target that begins with the name of {@code route}. */
    static RouteTarget parse(String target, Route route) throws RefusedException {
        String below = target.substring(1 + route.name().length());
        boolean noPath = below.isEmpty() || below.startsWith("?");
        return whole(route.upstream().basePath() + (noPath ? "/" : "") + below, route);
    }

    /** Of a target as the upstream itself has it. */
    static RouteTarget whole(String target, Route route) throws RefusedException {
        int question = target.indexOf('?');
        String path = question < 0 ? target : target.substring(0, question);
        String query = question < 0 ? "" : target.substring(question + 1);
        if (query.length() > MAX_QUERY) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, "a query has at most 16 KiB");
        }
        String credential = route.credential().queryParameter();
        if (!credential.isEmpty()) {
            refuseParameter(query, credential);
        }
        try {
            return new RouteTarget(RequestPath.parse(route.upstream().protocol().canonical(path)), query);
        } catch (CaveatSyntaxException e) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, "the path is ambiguous: " + e.problem());
        }
    }

    /** Two parameters of one name: some servers take the first, some the last. */
    private static void refuseParameter(String query, String name) throws RefusedException {
        for (String parameter : query.split("[&;]", -1)) {
            int equals = parameter.indexOf('=');
            String written = equals < 0 ? parameter : parameter.substring(0, equals);
            if (PercentEncoding.decodeLeniently(written).strip().equalsIgnoreCase(name)) {
                throw new RefusedException(
                        Failure.REQUEST_MALFORMED, "the query parameter '" + name + "' is set by the gateway");
            }
        }
    }

    /** As it stands on the request line to the upstream. */
    String uri() {
        return query.isEmpty() ? path.toString() : path + "?" + query;
    }
}
