package dev.credfs.fuse;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that the kernel knows: the path of each nodeid, learnt from the answers to LOOKUP. libfuse numbers the nodes, has
 * such a table itself and tells nobody.
 *
 * <p>No nodeid ever leads to the path of another node, though libfuse gives numbers out again. The kernel learns one from
 * nothing but the answer to a LOOKUP, and {@link #found} is called before that is written, so whoever names it afterwards
 * finds what was said last. Lookups are counted as libfuse counts them, later than it counts up and sooner than it counts
 * down: what libfuse may number anew is not here any more.
 */
final class Nodes {
    private record Node(String path, long lookups) {}

    private final ConcurrentMap<Long, Node> known = new ConcurrentHashMap<>();

    Nodes() {
        known.put(Protocol.ROOT, new Node("", 0));
    }

    /** The absolute path within the mount; null for a nodeid that the kernel was not told or has forgotten. */
    @Nullable
    String path(long nodeid) {
        Node node = known.get(nodeid);
        return node == null ? null : node.path;
    }

    /**
     * The kernel is about to be told that {@code parent} has {@code name} and what its number is.
     *
     * @param name {@code .} and {@code ..} too, by which a file handle is opened (open_by_handle_at(2))
     */
    void found(long parent, String name, long nodeid) {
        String above = path(parent);
        if (nodeid == Protocol.ROOT || above == null) {
            return;
        }
        String path = switch (name) {
            case "." -> above;
            case ".." -> above.substring(0, above.lastIndexOf('/'));
            default -> above + "/" + name;
        };
        known.compute(
                nodeid, (same, node) -> new Node(path, node == null || !node.path.equals(path) ? 1 : node.lookups + 1));
    }

    /** The kernel takes back so many lookups of a node. */
    void forget(long nodeid, long lookups) {
        if (nodeid != Protocol.ROOT) {
            known.computeIfPresent(
                    nodeid,
                    (same, node) -> node.lookups <= lookups ? null : new Node(node.path, node.lookups - lookups));
        }
    }
}
