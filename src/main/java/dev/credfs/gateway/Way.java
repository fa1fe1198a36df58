package dev.credfs.gateway;

/** Where the bytes of a connection go that has said to whom it wants to speak. */
sealed interface Way {
    /**
     * They are read here.
     *
     * @param approach of the requests in them
     * @param host whose certificate is shown, if they are TLS
     */
    record Inside(Approach approach, String host) implements Way {}

    /**
     * They pass as they are.
     *
     * @param privateNetwork whether it may lie on a loopback or private address
     */
    record Past(Authority to, boolean privateNetwork) implements Way {}
}
