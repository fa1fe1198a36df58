package dev.credfs.policy;

/**
 * The refusal of one attempt: a {@link Failure} and one line that names the rule. It is checked, so that no caller can
 * overlook it, and carries no stack trace, because a refusal is an answer and not a fault.
 */
public final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Failure failure;

    /**
     * A refusal for the given reason.
     *
     * @param why one line without secrets, for the log and for the person refused
     */
    public RefusedException(Failure failure, String why) {
        super(why, null, false, false);
        this.failure = failure;
    }

    public Failure failure() {
        return failure;
    }

    /** The line that names the rule; never null. */
    public String why() {
        return String.valueOf(getMessage());
    }
}
