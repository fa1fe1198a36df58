package dev.credfs.caveat;

/**
 * The hosts that one entry of a {@code host} caveat covers.
 *
 * @param name lower-case DNS name or IPv4 address: of the host itself, or of the zone when {@code subdomains}
 * @param subdomains covers one or more labels before {@code name}, and never {@code name} itself
 * @param port TCP port; written only when it is not 443
 */
public record HostPattern(String name, boolean subdomains, int port) {
    static final int HTTPS_PORT = 443;
    private static final int MAX_NAME = 253;
    private static final int MAX_LABEL = 63;
    private static final int MAX_PORT = 65535;

    public HostPattern {
        try {
            checkName(name, subdomains);
        } catch (CaveatSyntaxException e) {
            throw new IllegalArgumentException("not a host: " + e.getMessage(), e);
        }
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("not a TCP port: " + port);
        }
    }

    /**
     * Reads {@code api.github.com}, {@code *.example.com} or {@code host:port}.
     *
     * @throws CaveatSyntaxException at the first character that is not of a host
     */
    public static HostPattern parse(String text) throws CaveatSyntaxException {
        if (text.contains("://")) {
            throw new CaveatSyntaxException(
                    text,
                    text.indexOf("://"),
                    "a host has no scheme: write only what stands between '//' and the next '/'");
        }
        boolean subdomains = text.startsWith("*.");
        int nameStart = subdomains ? 2 : 0;
        int colon = text.indexOf(':', nameStart);
        String name = text.substring(nameStart, colon < 0 ? text.length() : colon);
        try {
            checkName(name, subdomains);
        } catch (CaveatSyntaxException e) {
            throw e.within(text, nameStart);
        }
        if (colon < 0) {
            return new HostPattern(name, subdomains, HTTPS_PORT);
        }
        int port;
        try {
            port = Scan.positive(text.substring(colon + 1), MAX_PORT);
        } catch (CaveatSyntaxException e) {
            throw e.within(text, colon + 1);
        }
        if (port == HTTPS_PORT) {
            throw new CaveatSyntaxException(text, colon, "port 443 is not written");
        }
        return new HostPattern(name, subdomains, port);
    }

    private static void checkName(String name, boolean subdomains) throws CaveatSyntaxException {
        int labelStart = 0;
        for (int i = 0; i <= name.length(); i++) {
            char c = i == name.length() ? '.' : name.charAt(i);
            if (c == '.') {
                if (i == labelStart) {
                    throw new CaveatSyntaxException(name, i, "expected a label of a host name");
                }
                if (i - labelStart > MAX_LABEL) {
                    throw new CaveatSyntaxException(name, labelStart, "a label has at most 63 characters");
                }
                if (name.charAt(i - 1) == '-') {
                    throw new CaveatSyntaxException(name, i - 1, "a label does not end with '-'");
                }
                labelStart = i + 1;
            } else if (Scan.isUpper(c)) {
                throw new CaveatSyntaxException(name, i, "write host names in lower case");
            } else if (!(Scan.isLower(c) || Scan.isDigit(c) || c == '_' || (c == '-' && i > labelStart))) {
                throw new CaveatSyntaxException(name, i, "not a character of a host name");
            }
        }
        if (name.length() > MAX_NAME) {
            throw new CaveatSyntaxException(name, MAX_NAME, "a host name has at most 253 characters");
        }
        checkNumber(name, subdomains);
    }

    /**
     * A name that ends in a number is an address: resolvers read {@code 127.1}, {@code 010.0.0.1} and {@code 0x7f.1} as one,
     * each in its own way, so the only spelling is {@code a.b.c.d}, and it has no subdomains.
     */
    private static void checkNumber(String name, boolean subdomains) throws CaveatSyntaxException {
        int last = name.lastIndexOf('.') + 1;
        // 0x7f is a number too; no top-level domain begins with a digit
        if (!Scan.isDigit(name.charAt(last))) {
            return;
        }
        Cidr.address(name);
        if (subdomains) {
            throw new CaveatSyntaxException(name, 0, "an address has no subdomains");
        }
    }

    /** Whether a connection to {@code host}:{@code port} is covered. */
    public boolean covers(String host, int actualPort) {
        if (port != actualPort) {
            return false;
        }
        if (!subdomains) {
            return host.equals(name);
        }
        return host.length() > name.length() + 1
                && host.endsWith(name)
                && host.charAt(host.length() - name.length() - 1) == '.';
    }

    @Override
    public String toString() {
        return (subdomains ? "*." : "") + name + (port == HTTPS_PORT ? "" : ":" + port);
    }
}
