package dev.credfs.policy;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The container a process belongs to, as its cgroup path names it.
 *
 * @param id the runtime's id, 1 to 128 characters of {@code [A-Za-z0-9_.-]}; empty for a process of the host
 */
public record Container(String id) {
    /** No container: a process of the host. */
    public static final Container HOST = new Container("");

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
