package dev.credfs.audit;

/** Where the record is kept. */
public interface AuditLog {
    /**
     * Puts {@code event} on the record. When this returns, the record is written; until then nothing may be handed out.
     *
     * @throws AuditUnavailableException if it could not be written in time: <em>no audit record, no token</em>
     */
    void append(AuditEvent event) throws AuditUnavailableException;
}
