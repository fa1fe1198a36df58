package dev.credfs.caveat;

import java.util.List;
import java.util.Optional;

/**
 * {@code host = api.github.com,*.example.com}: the upstream really connected to is one of these.
 *
 * @param hosts at least one, none twice
 */
public record HostCaveat(List<HostPattern> hosts) implements Caveat {
    static final String KEY = "host";

    public HostCaveat {
        hosts = Scan.entries(KEY, hosts);
    }

    /**
     * Reads a comma-separated list of hosts.
     *
     * @throws CaveatSyntaxException at the first character that is not of a host
     */
    public static HostCaveat parseValue(String value) throws CaveatSyntaxException {
        return new HostCaveat(Scan.list(value, ',', HostPattern::parse));
    }

    @Override
    public String predicate() {
        return Scan.predicate(KEY, hosts, ',');
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        for (HostPattern host : hosts) {
            if (host.covers(access.host(), access.port())) {
                return Optional.empty();
            }
        }
        return because("the request goes to " + access.authority());
    }
}
