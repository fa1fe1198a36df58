package dev.credfs.caveat;

import java.util.List;
import java.util.Optional;

/**
 * {@code client-ip = 10.0.0.0/8}: the presenter's TCP address lies in one of these blocks.
 *
 * @param blocks at least one, none twice
 */
public record ClientIp(List<Cidr> blocks) implements Caveat {
    static final String KEY = "client-ip";

    public ClientIp {
        blocks = Scan.entries(KEY, blocks);
    }

    static ClientIp parseValue(String value) throws CaveatSyntaxException {
        return new ClientIp(Scan.list(value, ',', Cidr::parse));
    }

    @Override
    public String predicate() {
        return Scan.predicate(KEY, blocks, ',');
    }

    @Override
    public Optional<Prohibition> prohibits(Access access) {
        byte[] address = access.presenterAddress();
        if (address.length == 0) {
            return because("this verifier does not see the presenter's address");
        }
        for (Cidr block : blocks) {
            if (block.covers(address)) {
                return Optional.empty();
            }
        }
        return because("the presenter's address lies elsewhere");
    }
}
