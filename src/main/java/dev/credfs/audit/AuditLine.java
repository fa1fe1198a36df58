package dev.credfs.audit;

/**
 * One record as it stands in a log. Its own hash is right; whether it stands in its place only {@link AuditVerification} says.
 *
 * @param seq its number
 * @param event what happened
 * @param json the whole line without its newline, printable ASCII
 */
public record AuditLine(long seq, AuditEvent event, String json) {
    /** The id of the token that was made or given again; empty for every other event. */
    public String tokenId() {
        if (event instanceof AuditEvent.Coalesced coalesced) {
            return coalesced.tokenId();
        }
        return event instanceof AuditEvent.Minted minted ? minted.tokenId() : "";
    }
}
