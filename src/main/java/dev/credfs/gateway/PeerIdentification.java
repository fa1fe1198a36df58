package dev.credfs.gateway;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Gid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;

/** Finds the process that a kernel credential names; {@code procfs.Processes::identify} is one. */
@FunctionalInterface
public interface PeerIdentification {
    /**
     * Who it is.
     *
     * @param pid as {@code SO_PEERCRED} gives it
     * @throws RefusedException if the process is gone, or anything about it is not clear
     */
    Caller identify(int pid, Uid uid, Gid gid) throws RefusedException;
}
