package dev.credfs.gateway;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;

/**
 * Which addresses an upstream may lie on. A name that suddenly leads to an address of ours (DNS rebinding) would carry the
 * credential to whoever listens there, or make us a way into a network that the sandbox cannot reach.
 *
 * <p>Blocks from the IANA special-purpose registries (RFC 6890 and its successors).
 */
final class AddressRule {
    private enum Reach {
        PUBLIC,
        PRIVATE,
        NEVER
    }

    /**
     * @param network first octets
     * @param bits of the prefix
     */
    private record Block(int[] network, int bits, Reach reach) {
        boolean covers(byte[] address) {
            for (int bit = 0; bit < bits; bit++) {
                int octet = bit / 8 < network.length ? network[bit / 8] : 0;
                int mask = 0x80 >> bit % 8;
                if ((octet & mask) != (address[bit / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private static final List<Block> V4 = List.of(
            block(32, Reach.NEVER, 100, 100, 100, 200), // metadata of Alibaba Cloud
            block(16, Reach.NEVER, 169, 254), // link-local: metadata of most clouds
            block(8, Reach.NEVER, 0),
            block(24, Reach.NEVER, 192, 0, 0),
            block(24, Reach.NEVER, 192, 0, 2),
            block(24, Reach.NEVER, 192, 88, 99),
            block(24, Reach.NEVER, 198, 51, 100),
            block(24, Reach.NEVER, 203, 0, 113),
            block(4, Reach.NEVER, 224),
            block(4, Reach.NEVER, 240),
            block(8, Reach.PRIVATE, 10),
            block(8, Reach.PRIVATE, 127),
            block(12, Reach.PRIVATE, 172, 16),
            block(16, Reach.PRIVATE, 192, 168),
            block(10, Reach.PRIVATE, 100, 64),
            block(15, Reach.PRIVATE, 198, 18));

    private static final List<Block> V6 = List.of(
            // Metadata of AWS.
            block(128, Reach.NEVER, 0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x54),
            block(128, Reach.PRIVATE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
            block(7, Reach.PRIVATE, 0xfc));

    private AddressRule() {}

    private static Block block(int bits, Reach reach, int... network) {
        return new Block(network, bits, reach);
    }

    /** Whether an upstream may be connected to at this address. */
    static boolean allows(InetAddress address, boolean privateNetwork) {
        Reach reach = reach(address);
        return reach == Reach.PUBLIC || (reach == Reach.PRIVATE && privateNetwork);
    }

    /** What to say of an address that is not allowed. */
    static String why(InetAddress address) {
        return reach(address) == Reach.PRIVATE
                ? "which is not public: say 'private: true' if this leads into your own network"
                : "which is not public, and is never connected to: link-local, reserved or a cloud's metadata";
    }

    private static Reach reach(InetAddress address) {
        byte[] octets = address.getAddress();
        if (address instanceof Inet4Address) {
            return reach(octets, V4, Reach.PUBLIC);
        }
        if (address instanceof Inet6Address) {
            // Only 2000::/3 is given out; the ways to IPv4 inside it (6to4, Teredo) and documentation are not public.
            boolean global = (octets[0] & 0xe0) == 0x20;
            boolean sixToFour = octets[0] == 0x20 && octets[1] == 0x02;
            boolean special = octets[0] == 0x20 && octets[1] == 0x01 && (octets[2] & 0xfe) == 0;
            boolean documentation =
                    octets[0] == 0x20 && octets[1] == 0x01 && octets[2] == 0x0d && (octets[3] & 0xff) == 0xb8;
            boolean open = global && !sixToFour && !special && !documentation;
            return reach(octets, V6, open ? Reach.PUBLIC : Reach.NEVER);
        }
        return Reach.NEVER;
    }

    private static Reach reach(byte[] octets, List<Block> blocks, Reach otherwise) {
        for (Block block : blocks) {
            if (block.covers(octets)) {
                return block.reach();
            }
        }
        return otherwise;
    }
}
