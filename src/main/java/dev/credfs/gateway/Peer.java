package dev.credfs.gateway;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Who sits at the other end of a connection, as far as that can be seen. */
sealed interface Peer {
    /** The attempt, with the facts that this connection gives about who makes it. */
    Access presenting(Access access);

    /** The container, as a caveat names it; empty where it is not seen. */
    Optional<ContainerCaveat> container();

    /**
     * The process.
     *
     * @throws RefusedException if this connection does not show it
     */
    Caller caller() throws RefusedException;

    /** One line for the record. */
    String describe();

    /** A process at the other end of the unix socket, named by the kernel when it connected. */
    record Local(Caller caller) implements Peer {
        @Override
        public Access presenting(Access access) {
            return access.fromContainer(containerCaveat());
        }

        @Override
        public Optional<ContainerCaveat> container() {
            return Optional.of(containerCaveat());
        }

        // A process of the host has the hash of no id, which is that of no container.
        private ContainerCaveat containerCaveat() {
            return new ContainerCaveat(caller.container().idSha256());
        }

        @Override
        public String describe() {
            return caller.describe();
        }
    }

    /**
     * A process that was gone or could not be read: it is in no container that we could name.
     *
     * @param pid as the kernel named it; 0 for one of a foreign pid namespace
     * @param why it is not clear
     */
    record Unclear(int pid, long uid, String why) implements Peer {
        @Override
        public Caller caller() throws RefusedException {
            throw new RefusedException(Failure.CALLER_REFUSED, "it is not clear who connects: " + why);
        }

        @Override
        public Access presenting(Access access) {
            return access;
        }

        @Override
        public Optional<ContainerCaveat> container() {
            return Optional.empty();
        }

        @Override
        public String describe() {
            return "pid " + pid + " uid " + uid + ", unclear: " + why;
        }
    }

    /** The other end of a TCP connection. */
    record Address(InetSocketAddress socket) implements Peer {
        @Override
        public Caller caller() throws RefusedException {
            throw new RefusedException(
                    Failure.CALLER_REFUSED,
                    "the route knows its clients by the unix socket ('identity: peer'), and this is TCP");
        }

        @Override
        public Access presenting(Access access) {
            if (socket.getAddress() instanceof Inet4Address v4) {
                try {
                    return access.fromAddress(v4.getHostAddress());
                } catch (CaveatSyntaxException e) {
                    throw new IllegalStateException("the JDK writes IPv4 addresses as four numbers", e);
                }
            }
            // A client-ip caveat speaks of IPv4 alone, and prohibits where it sees no address.
            return access;
        }

        @Override
        public Optional<ContainerCaveat> container() {
            return Optional.empty();
        }

        @Override
        public String describe() {
            return socket.getAddress().getHostAddress() + ":" + socket.getPort();
        }
    }
}
