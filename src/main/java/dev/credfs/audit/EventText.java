package dev.credfs.audit;

import java.util.Locale;

/** Each event as one line for a person. */
final class EventText {
    private EventText() {}

    /** Printable: what a caller chose can neither steer a terminal nor turn the direction of the text. */
    static String of(AuditEvent event) {
        return printable(text(event));
    }

    private static String text(AuditEvent event) {
        if (event instanceof AuditEvent.Minted e) {
            return "minted " + e.tokenId() + " of " + e.path() + " until " + e.expiry() + " for "
                    + e.caller().describe() + " by rule " + e.ruleNumber() + " " + e.rule();
        }
        if (event instanceof AuditEvent.Coalesced e) {
            return "gave again " + e.tokenId() + " of " + e.path() + ", minted " + e.mintedAt() + ", to "
                    + e.caller().describe();
        }
        if (event instanceof AuditEvent.Refused e) {
            return "refused " + e.path() + " to " + e.caller().describe() + ": " + e.why();
        }
        if (event instanceof AuditEvent.RefusedUnclear e) {
            return "refused " + e.path() + " to an unclear caller, tid " + e.tid() + " uid " + e.uid() + ": " + e.why();
        }
        if (event instanceof AuditEvent.RefusedRead e) {
            return "refused read of " + e.path() + " to " + e.reader().describe() + ", opened by "
                    + e.opener().describe() + ": " + e.why();
        }
        if (event instanceof AuditEvent.RefusedAgain e) {
            return e.times() + (e.times() == 1 ? " time more" : " times more") + " since " + e.since()
                    + ", the last at " + e.last().at() + ": " + text(e.last());
        }
        if (event instanceof AuditEvent.Bulk e) {
            return "bulk: " + e.files() + " files within " + e.within().toMillis() + " ms by "
                    + e.caller().describe();
        }
        if (event instanceof AuditEvent.Spent e) {
            return "spent " + withToken(e.tokenId()) + " on " + e.asked() + " at route " + e.route() + " by " + e.peer()
                    + (e.rule().isEmpty() ? "" : " by rule " + e.rule()) + ", request " + e.request();
        }
        if (event instanceof AuditEvent.TunnelOpened e) {
            return "tunnel " + e.request() + " to " + e.to() + " for " + e.peer();
        }
        if (event instanceof AuditEvent.TunnelEnded e) {
            return "tunnel " + e.request() + " to " + e.to() + " ended after "
                    + e.took().toMillis() + " ms: " + e.why() + "; " + e.sentBytes() + " bytes sent, "
                    + e.receivedBytes() + " received";
        }
        if (event instanceof AuditEvent.Answered e) {
            return "answered request " + e.request() + " of " + withToken(e.tokenId()) + " with " + e.status()
                    + " after "
                    + e.took().toMillis() + " ms: " + e.requestBytes() + " bytes to " + e.route() + ", "
                    + e.responseBytes() + " back";
        }
        if (event instanceof AuditEvent.RefusedRequest e) {
            String token = withToken(e.tokenId());
            return (e.letThrough() ? "let " + token + " through (dry run) instead of " : "refused " + token + " with ")
                    + e.failure().httpStatus()
                    + (e.asked().isEmpty() ? "" : " on " + e.asked())
                    + (e.route().isEmpty() ? "" : " at route " + e.route())
                    + " by " + e.peer() + ": " + e.why();
        }
        if (event instanceof AuditEvent.Revoked e) {
            return "revoked " + e.revocation();
        }
        if (event instanceof AuditEvent.Started e) {
            return "started: process " + e.pid() + " serves " + e.mount();
        }
        if (event instanceof AuditEvent.Stopped e) {
            return "stopped: process " + e.pid() + ", " + e.why();
        }
        if (event instanceof AuditEvent.Reloaded e) {
            return "reloaded " + e.file() + ", generation " + e.generation();
        }
        if (event instanceof AuditEvent.Recovered e) {
            return "recovered: " + e.what();
        }
        if (event instanceof AuditEvent.Fault e) {
            return "internal error in " + e.operation() + ": " + e.error();
        }
        if (event instanceof LogEvent.Continued e) {
            return "continued (" + EventJson.word(e.reason()) + "): " + e.detail();
        }
        if (event instanceof LogEvent.TornTail e) {
            return "recovered: " + e.tornBytes() + " bytes of a record that was never finished stand before this one";
        }
        if (event instanceof LogEvent.Withdrawn e) {
            return "withdrawn: record " + e.record() + " was written too late; its caller got an error and no token";
        }
        throw new IllegalArgumentException("an event without a text: " + event.getClass());
    }

    /** What the gateway could verify; a request without a token, or with none that it could, has no id. */
    private static String withToken(String tokenId) {
        return tokenId.isEmpty() ? "no token" : tokenId;
    }

    static String printable(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.CONTROL,
                        Character.FORMAT,
                        Character.SURROGATE,
                        Character.PRIVATE_USE,
                        Character.LINE_SEPARATOR,
                        Character.PARAGRAPH_SEPARATOR,
                        Character.UNASSIGNED -> shown.append(String.format(Locale.ROOT, "\\u{%x}", c));
                default -> shown.appendCodePoint(c);
            }
        });
        return shown.toString();
    }
}
