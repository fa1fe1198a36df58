package dev.credfs.gateway;

import dev.credfs.caveat.HostPattern;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A host and a port, as the target of a CONNECT, an absolute URL or a {@code Host} field writes them.
 *
 * @param host lower-case DNS name or IPv4 address
 * @param port TCP port
 */
record Authority(String host, int port) {
    static final int HTTPS_PORT = 443;
    static final int HTTP_PORT = 80;
    private static final Pattern PORT = Pattern.compile("[1-9][0-9]{0,4}");

    Authority {
        // One spelling for each host: a second one would be another name for rules, certificates and records.
        new HostPattern(host, false, port);
    }

    /**
     * Reads {@code host:port}, or {@code host} where {@code portOtherwise} is one.
     *
     * @param portOtherwise the port of an authority that names none; 0 where it must name one
     */
    static Authority parse(String text, int portOtherwise) throws RefusedException {
        String lower = text.toLowerCase(Locale.ROOT);
        int colon = lower.indexOf(':');
        int port = colon < 0 ? portOtherwise : port(lower.substring(colon + 1));
        if (port == 0) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, "a CONNECT names a host and a port");
        }
        try {
            return new Authority(colon < 0 ? lower : lower.substring(0, colon), port);
        } catch (IllegalArgumentException e) {
            throw new RefusedException(
                    Failure.REQUEST_MALFORMED, "an authority is a host name or an IPv4 address, and a port");
        }
    }

    private static int port(String digits) throws RefusedException {
        if (!PORT.matcher(digits).matches()) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, "a port is a number from 1 to 65535");
        }
        return Integer.parseInt(digits);
    }

    @Override
    public String toString() {
        return host + ":" + port;
    }
}
