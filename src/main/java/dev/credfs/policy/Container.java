package dev.credfs.policy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * The container a process belongs to, as its cgroup path names it.
 *
 * @param id the runtime's id, 1 to 128 characters of {@code [A-Za-z0-9_.+-]}; where the cgroup was made by somebody to whom
 *     root had delegated a part of the tree, that one's name and a slash before it: {@code 1000/<id>} for a container of the
 *     user 1000, {@code ci.service/<id>} for one of a service. Empty for a process of the host
 */
public record Container(String id) {
    // A unit's name has at most 255 characters (systemd, UNIT_NAME_MAX), and can hold a backslash and a colon.
    private static final Pattern ID = Pattern.compile("(?:[A-Za-z0-9_.@:\\\\-]{1,255}/)?[A-Za-z0-9_.+-]{1,128}");

    /** No container: a process of the host. */
    public static final Container HOST = new Container("");

    public Container {
        if (!id.isEmpty() && !ID.matcher(id).matches()) {
            throw new IllegalArgumentException("not the id of a container");
        }
    }

    /**
     * A container that exists by the word of somebody other than root.
     *
     * @param by a uid or the name of a unit
     * @param id the runtime's id
     */
    public static Container delegated(String by, String id) {
        return new Container(by + "/" + id);
    }

    public boolean isHost() {
        return id.isEmpty();
    }

    /** SHA-256 of the id, 64 lower-case hex digits: the form in which a token carries it. */
    public String idSha256() {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(sha256.digest(id.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return isHost() ? "host" : id;
    }
}
