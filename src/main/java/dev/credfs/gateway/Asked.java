package dev.credfs.gateway;

/**
 * Where one request goes, by what it says and by what its connection said before.
 *
 * @param atListener whether nothing was said before: there alone the gateway has names of its own
 * @param tls whether the client speaks https, as far as it can see
 * @param authority as written, in lower case
 * @param target path and query
 * @param token that goes before any in the request's own fields; empty where there is none
 */
record Asked(boolean atListener, boolean tls, String authority, String target, byte[] token) {
    static final byte[] NO_TOKEN = {};

    /** The port of an authority that names none. */
    int usualPort() {
        return tls ? Authority.HTTPS_PORT : Authority.HTTP_PORT;
    }
}
