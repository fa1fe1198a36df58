package dev.credfs.audit;

import dev.credfs.caveat.Caveat;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;

/**
 * One record as it stands in a log. Its own hash is right; whether it stands in its place only {@link AuditVerification} says.
 *
 * @param seq its number
 * @param event what happened
 * @param json the whole line without its newline, printable ASCII
 */
public record AuditLine(long seq, AuditEvent event, String json) {
    /** The record as one line for a person, printable; the time to the millisecond. */
    public String describe() {
        return event.at().truncatedTo(ChronoUnit.MILLIS) + " " + EventText.of(event);
    }

    /** The predicates of the token that was made, in order, printable; none for every other event. */
    public List<String> caveats() {
        if (!(event instanceof AuditEvent.Minted minted)) {
            return List.of();
        }
        List<String> predicates = new ArrayList<>();
        for (Caveat caveat : minted.caveats()) {
            predicates.add(EventText.printable(caveat.predicate()));
        }
        return List.copyOf(predicates);
    }

    /** Number of the record that this one takes back: whoever it names got no token. 0 if it takes none back. */
    public long withdraws() {
        return event instanceof LogEvent.Withdrawn withdrawn ? withdrawn.record() : 0;
    }
}
