package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.HttpHeaderNames;
import java.util.List;

/**
 * The requests of git's smart HTTP protocol (gitprotocol-http(5)): {@code GET <repository>/info/refs?service=S}, and {@code
 * POST <repository>/S} with a body of its own type. The dumb protocol, Git LFS, web pages and the API of the same host are
 * none.
 */
final class GitRequest {
    private static final List<String> SERVICES = List.of("git-upload-pack", "git-receive-pack", "git-upload-archive");
    private static final String REFS = "/info/refs";
    private static final String LFS = "/info/lfs/";
    private static final String ALONE = "the route passes git's smart HTTP alone: ";

    private GitRequest() {}

    /**
     * Refuses every request that is none of them.
     *
     * @param target whose query was found to be one service or nothing, where the path is that of {@code info/refs}
     */
    static void require(RequestHead request, RouteTarget target) throws RefusedException {
        String path = target.path().toString();
        if (path.endsWith(REFS)) {
            requireAdvertisement(request, target.query());
            return;
        }
        for (String service : SERVICES) {
            if (path.endsWith("/" + service)) {
                requireCall(request, target.query(), service);
                return;
            }
        }
        throw refused(path.contains(LFS) ? "not Git LFS" : "this is no request of it");
    }

    private static void requireAdvertisement(RequestHead request, String query) throws RefusedException {
        if (!request.method().equals("GET") || request.hasBody()) {
            throw refused("info/refs is a GET without a body");
        }
        if (query.isEmpty()) {
            throw refused("not the dumb protocol, whose info/refs names no service");
        }
        for (String service : SERVICES) {
            if (query.equals("service=" + service)) {
                return;
            }
        }
        throw refused("the services are " + String.join(", ", SERVICES));
    }

    private static void requireCall(RequestHead request, String query, String service) throws RefusedException {
        if (!request.method().equals("POST")) {
            throw refused(service + " is a POST");
        }
        List<String> types = request.fields().getAll(HttpHeaderNames.CONTENT_TYPE);
        String expected = "application/x-" + service + "-request";
        if (!query.isEmpty() || types.size() != 1 || !types.get(0).equalsIgnoreCase(expected)) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED, service + " takes a body of the type " + expected + " and no query");
        }
    }

    private static RefusedException refused(String why) {
        return new RefusedException(Failure.CALLER_REFUSED, ALONE + why);
    }
}
