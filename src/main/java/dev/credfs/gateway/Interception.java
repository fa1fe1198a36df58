package dev.credfs.gateway;

import dev.credfs.caveat.HostPattern;
import java.nio.file.Path;
import java.util.List;

/** Whether clients reach upstreams under the upstreams' own names, and what becomes of every other name. */
public sealed interface Interception {
    /** Routes are reached by their own names alone, and there is no certificate authority. */
    record Off() implements Interception {}

    /**
     * A client that trusts credfs' certificate speaks to the gateway and means the upstream.
     *
     * @param certificate where the certificate lies that clients must trust; its key is in the state directory
     * @param tunnel hosts that are no upstreams and may be spoken to all the same; nobody reads what is said
     * @param tunnelAny whether every host is one of them, at any port
     * @param tunnelPrivate whether they may lie on loopback or private addresses
     */
    record On(Path certificate, List<HostPattern> tunnel, boolean tunnelAny, boolean tunnelPrivate)
            implements Interception {
        public On {
            tunnel = List.copyOf(tunnel);
        }
    }
}
