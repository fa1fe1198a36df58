package dev.credfs.audit;

import java.util.List;

/** Where the record is kept. */
public interface AuditLog {
    /**
     * Puts {@code event} on the record. When this returns, the record is written; until then nothing may be handed out.
     *
     * @throws AuditUnavailableException if it could not be written in time: <em>no audit record, no token</em>
     */
    void append(AuditEvent event) throws AuditUnavailableException;

    /**
     * Puts events on the record in this order, and waits for all of them at once.
     *
     * @return of each whether it is on the record, as if it had been appended alone
     */
    default boolean[] appendAll(List<AuditEvent> events) {
        boolean[] written = new boolean[events.size()];
        for (int i = 0; i < written.length; i++) {
            try {
                append(events.get(i));
                written[i] = true;
            } catch (AuditUnavailableException e) {
                written[i] = false;
            }
        }
        return written;
    }
}
