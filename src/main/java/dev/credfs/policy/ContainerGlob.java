package dev.credfs.policy;

import dev.credfs.caveat.Wildcard;
import java.util.regex.Pattern;

/**
 * A pattern over the ids of containers. {@code *} stands for any characters, none as well, but not for a slash: {@code *} is
 * every container that root made, and {@code 1000/*} every one of the user 1000.
 *
 * <p>An id is what the cgroup holds. The name that {@code docker run --name} or a pod gives is known to the runtime only; of
 * those containers it is the 64 hex digits, for which {@code 3f4e*} is as good as the {@code 3f4e…} that the runtime prints.
 * Runc's id is the name it was given.
 */
public final class ContainerGlob {
    private static final Pattern TEXT = Pattern.compile("(?:[A-Za-z0-9_.@:\\\\*-]{1,255}/)?[A-Za-z0-9_.+*-]{1,128}");

    private final String text;
    private final String literalPrefix;
    private final boolean literal;

    /**
     * Reads a glob.
     *
     * @throws IllegalArgumentException saying in one line what is wrong with {@code text}
     */
    public ContainerGlob(String text) {
        if (!TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("'" + text
                    + "' covers no container: an id has 1 to 128 characters of A-Z a-z 0-9 _ . + -, where a user or a service"
                    + " made it with that one's name and a '/' before, and '*' for any of them");
        }
        int star = text.indexOf('*');
        this.text = text;
        this.literal = star < 0;
        this.literalPrefix = literal ? text : text.substring(0, star);
    }

    /** Without a star: it covers one id. */
    boolean isLiteral() {
        return literal;
    }

    /** What every id that it covers begins with. */
    String literalPrefix() {
        return literalPrefix;
    }

    boolean covers(String id) {
        if (literal) {
            return text.equals(id);
        }
        return id.startsWith(literalPrefix) && coversSegments(id);
    }

    private boolean coversSegments(String id) {
        int slash = text.indexOf('/');
        int idSlash = id.indexOf('/');
        if (slash < 0 || idSlash < 0) {
            return slash == idSlash && Wildcard.covers(text, id);
        }
        return Wildcard.covers(text.substring(0, slash), id.substring(0, idSlash))
                && Wildcard.covers(text.substring(slash + 1), id.substring(idSlash + 1));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ContainerGlob that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
