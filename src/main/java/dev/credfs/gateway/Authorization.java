package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;

/** What one request is authorized with, which may be used for a second try of the same request. */
interface Authorization {
    /** The secret texts that its answer must not hold, searched for. */
    CredentialSearch search();

    /**
     * Puts the credential into {@code request}, or makes that the last thing that happens to it before it is written.
     *
     * @throws RefusedException if the client's request cannot be sent with this credential
     */
    Departure depart(RequestHead client, UpstreamRequest request) throws RefusedException;

    /** The upstream said 401: what was put in is not honoured (any more). */
    default void refused() {}
}
