package dev.credfs.audit;

/** The record could not be written, and with it whatever it was about did not happen. */
public final class AuditUnavailableException extends Exception {
    private static final long serialVersionUID = 1L;

    public AuditUnavailableException(String problem) {
        super(problem);
    }

    public AuditUnavailableException(String problem, Throwable cause) {
        super(problem, cause);
    }
}
