package dev.credfs.policy;

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

    @Override
    public String toString() {
        return isHost() ? "host" : id;
    }
}
