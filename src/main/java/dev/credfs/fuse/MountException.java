package dev.credfs.fuse;

import dev.credfs.policy.Failure;
import java.io.Serial;

/** Why there is no mount: one line for the operator, and the failure that gives the command its exit status. */
public final class MountException extends Exception {
    @Serial
    private static final long serialVersionUID = 1L;

    private final Failure failure;

    /** @param message one line: what, where, what to do */
    public MountException(Failure failure, String message) {
        super(message);
        this.failure = failure;
    }

    static MountException of(String message, Throwable cause) {
        MountException exception = new MountException(Failure.NOT_MOUNTED, message);
        exception.initCause(cause);
        return exception;
    }

    public Failure failure() {
        return failure;
    }
}
