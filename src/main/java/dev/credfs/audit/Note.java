package dev.credfs.audit;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** The records that the log writes about itself, told apart by their names before anything is parsed. */
final class Note {
    private static final byte[] CONTINUED = "continued".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] RECOVERED = "recovered".getBytes(StandardCharsets.US_ASCII);

    private Note() {}

    static boolean isNote(RawLine line) {
        return line.isEvent(CONTINUED) || line.isEvent(RECOVERED);
    }

    /** The event of {@code line}; a line whose hash is right and that says something else was forged as a whole. */
    static AuditEvent read(RawLine line) {
        try {
            return EventJson.read(EventJson.tree(line.eventObject()));
        } catch (IllegalArgumentException e) {
            return new AuditEvent.Fault(Instant.EPOCH, "read", "not an event of credfs/audit/v1");
        }
    }
}
