package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;

/**
 * How much of a body has come on a stream of HTTP/2. The stream's end says where the body ends, a {@code content-length} may
 * say it too, and where the two differ another version of HTTP would take what follows for something else.
 */
final class StreamBody {
    private final long declaredBytes;
    private long bytes;

    /** @param declaredBytes -1 where no length is declared */
    StreamBody(long declaredBytes) {
        this.declaredBytes = declaredBytes;
    }

    /**
     * Counts a piece.
     *
     * @param last whether it is the last one
     */
    void count(int pieceBytes, boolean last) throws RefusedException {
        bytes += pieceBytes;
        if (declaredBytes >= 0 && (bytes > declaredBytes || (last && bytes < declaredBytes))) {
            throw new RefusedException(Failure.REQUEST_MALFORMED, "a body is not as long as its content-length says");
        }
    }
}
