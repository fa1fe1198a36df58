package dev.credfs.policy;

/**
 * Why something was not done: the one table of failures, with its three projections. A reason that cannot arise in one of
 * the three worlds projects onto that world's answer for a bug, so a mistaken use still fails closed.
 */
public enum Failure {
    NO_SUCH_PATH(Errno.ENOENT, 404, 3),
    CALLER_REFUSED(Errno.EACCES, 403, 4),
    READ_ONLY(Errno.EROFS, 405, 1),
    MASTER_UNAVAILABLE(Errno.EIO, 503, 5),
    TOKEN_MALFORMED(Errno.EIO, 400, 6),
    TOKEN_REJECTED(Errno.EIO, 401, 6),
    CAVEAT_NOT_CLEARED(Errno.EIO, 403, 6),
    /** What everybody may read has not been made yet. */
    PUBLIC_FILE_UNAVAILABLE(Errno.EIO, 503, 5),
    AUDIT_UNAVAILABLE(Errno.EIO, 503, 7),
    CONFIGURATION_INVALID(Errno.EIO, 500, 8),
    NOT_MOUNTED(Errno.EIO, 503, 9),
    USAGE(Errno.EINVAL, 400, 2),
    /** A request that two servers could read differently, or that breaks the protocol. */
    REQUEST_MALFORMED(Errno.EIO, 400, 1),
    /** A request for a host that is not the gateway. */
    REQUEST_MISDIRECTED(Errno.EIO, 421, 1),
    REQUEST_TOO_SLOW(Errno.EIO, 408, 1),
    /** The upstream refused the connection, broke it off, or is not who its certificate must say it is. */
    UPSTREAM_FAILED(Errno.EIO, 502, 1),
    UPSTREAM_TIMEOUT(Errno.EIO, 504, 1),
    /** The upstream's answer held the credential. */
    RESPONSE_BLOCKED(Errno.EIO, 502, 1),
    /** A page-cache fill (sendfile, splice, private mmap): its bytes could reach another caller. */
    SHARED_READ(Errno.EINVAL, 500, 1),
    /** Too many mints at once, or a caller over its rate. */
    BUSY(Errno.EAGAIN, 429, 1),
    /** The bound on open handles is reached. */
    TOO_MANY_OPEN(Errno.EMFILE, 503, 1),
    BUG(Errno.EIO, 500, 1);

    private final Errno errno;
    private final int httpStatus;
    private final int exitStatus;

    Failure(Errno errno, int httpStatus, int exitStatus) {
        this.errno = errno;
        this.httpStatus = httpStatus;
        this.exitStatus = exitStatus;
    }

    /** What the kernel is answered. */
    public Errno errno() {
        return errno;
    }

    /** What an HTTP client is answered, RFC 9110. */
    public int httpStatus() {
        return httpStatus;
    }

    /** What a command exits with. */
    public int exitStatus() {
        return exitStatus;
    }
}
