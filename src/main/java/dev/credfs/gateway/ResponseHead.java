package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;

/**
 * The status and the fields of an answer, whatever version of HTTP it came by or goes by.
 *
 * @param status of three digits; the words beside it are not kept: they are one more place for an echo
 * @param fields without pseudo-header fields; they frame nothing
 * @param contentLengthBytes of the body, or of the one that a GET would have had; -1 where the body ends by its own end
 */
record ResponseHead(int status, HttpHeaders fields, long contentLengthBytes) {
    static final int SWITCHING_PROTOCOLS = 101;
    private static final int NO_CONTENT = 204;
    private static final int NOT_MODIFIED = 304;

    /**
     * Reads the length that an answer declares.
     *
     * @return bytes, or -1 where it declares none
     */
    static long declaredLength(HttpHeaders fields) throws RefusedException {
        try {
            return RequestHead.contentLength(fields.getAll(HttpHeaderNames.CONTENT_LENGTH));
        } catch (RefusedException e) {
            throw new RefusedException(Failure.UPSTREAM_FAILED, "the answer's length is not a number");
        }
    }

    /** Whether a body may follow the answer to a request of this method. */
    boolean hasBody(String method) {
        return !method.equals("HEAD") && status != NO_CONTENT && status != NOT_MODIFIED && contentLengthBytes != 0;
    }

    /** Whether one version of HTTP would say where the body ends in a field, and must not for an answer without one. */
    boolean isFramed(String method) {
        return !method.equals("HEAD") && status != NO_CONTENT && status != NOT_MODIFIED;
    }

    /** The status alone: a field may hold a secret. */
    @Override
    public String toString() {
        return "ResponseHead[" + status + "]";
    }
}
