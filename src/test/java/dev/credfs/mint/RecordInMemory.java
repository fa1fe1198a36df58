package dev.credfs.mint;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.audit.AuditUnavailableException;
import java.util.ArrayList;
import java.util.List;

/** An audit log in memory, whose disk can be full. */
final class RecordInMemory implements AuditLog {
    private final List<AuditEvent> events = new ArrayList<>();
    private boolean full;

    @Override
    public synchronized void append(AuditEvent event) throws AuditUnavailableException {
        if (full) {
            throw new AuditUnavailableException("no space left for the record");
        }
        events.add(event);
    }

    synchronized void setFull(boolean full) {
        this.full = full;
    }

    synchronized List<AuditEvent> events() {
        return List.copyOf(events);
    }

    synchronized <T extends AuditEvent> List<T> events(Class<T> type) {
        List<T> found = new ArrayList<>();
        for (AuditEvent event : events) {
            if (type.isInstance(event)) {
                found.add(type.cast(event));
            }
        }
        return found;
    }
}
