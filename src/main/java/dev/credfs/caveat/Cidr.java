package dev.credfs.caveat;

/**
 * A block of IPv4 addresses such as {@code 10.0.0.0/8}.
 *
 * <p>IPv6 is not of the language: an address there has many spellings, and a caveat has one.
 *
 * @param network the block's first address, as an unsigned 32-bit number
 * @param prefixBits 0 to 32
 */
public record Cidr(int network, int prefixBits) {
    private static final int ADDRESS_BITS = 32;

    public Cidr {
        if (prefixBits < 0 || prefixBits > ADDRESS_BITS || (network & ~mask(prefixBits)) != 0) {
            throw new IllegalArgumentException("not a block of addresses");
        }
    }

    /**
     * Reads {@code a.b.c.d/n}.
     *
     * @throws CaveatSyntaxException if a number has leading zeros or bits are set beyond the prefix
     */
    public static Cidr parse(String text) throws CaveatSyntaxException {
        int slash = text.indexOf('/');
        if (slash < 0) {
            throw new CaveatSyntaxException(text, text.length(), "expected a prefix length such as /32");
        }
        int address = address(text.substring(0, slash));
        int prefix = number(text, slash + 1, text.length(), ADDRESS_BITS, "expected a prefix length from 0 to 32");
        if ((address & ~mask(prefix)) != 0) {
            throw new CaveatSyntaxException(text, 0, "the address has bits set beyond /" + prefix);
        }
        return new Cidr(address, prefix);
    }

    /** Reads a dotted IPv4 address into its 32 bits. */
    static int address(String text) throws CaveatSyntaxException {
        int address = 0;
        int start = 0;
        for (int part = 0; part < 4; part++) {
            int end = part == 3 ? text.length() : text.indexOf('.', start);
            if (end < 0) {
                throw new CaveatSyntaxException(text, text.length(), "expected four numbers with dots between");
            }
            address = address << 8 | number(text, start, end, 255, "expected a number from 0 to 255");
            start = end + 1;
        }
        return address;
    }

    private static int number(String text, int start, int end, int max, String problem) throws CaveatSyntaxException {
        if (end - start == 1 && text.charAt(start) == '0') {
            return 0;
        }
        try {
            return Scan.positive(text.substring(start, end), max);
        } catch (CaveatSyntaxException e) {
            throw new CaveatSyntaxException(text, start + e.column() - 1, problem);
        }
    }

    private static int mask(int prefixBits) {
        return prefixBits == 0 ? 0 : -1 << (ADDRESS_BITS - prefixBits);
    }

    /** Whether the address, as its bytes in network order, lies in the block. An IPv6 address lies in none. */
    boolean covers(byte[] address) {
        if (address.length != 4) {
            return false;
        }
        int bits = 0;
        for (byte octet : address) {
            bits = bits << 8 | (octet & 0xff);
        }
        return (bits & mask(prefixBits)) == network;
    }

    @Override
    public String toString() {
        return (network >>> 24) + "." + (network >>> 16 & 0xff) + "." + (network >>> 8 & 0xff) + "." + (network & 0xff)
                + "/" + prefixBits;
    }
}
