package dev.credfs.audit;

import java.time.Instant;

/** Something that happened to the log itself. Only the log writes these. */
sealed interface LogEvent extends AuditEvent {

    /** Why the log goes on in another place than where its last record stands. */
    enum Break {
        /** The file was renamed, and the log goes on in a new one. */
        ROTATED,
        /** The file was deleted while it was written to; what it held is gone. */
        DELETED,
        /** Another file stands at the path. */
        REPLACED,
        /** The file is shorter than what was written to it. */
        TRUNCATED,
        /** The file is longer than what was written to it. */
        FOREIGN,
        /** There was no file at start, and a signed head says that there had been one. */
        ABSENT,
        /** At start, the file ended before the record that the signed head names. */
        CUT
    }

    /**
     * The first record after a break. Its {@code prev} is the hash of the last record written before.
     *
     * @param detail where the earlier records are, or what was found instead
     */
    record Continued(Instant at, Break reason, String detail) implements LogEvent {}

    /**
     * A daemon died, or a disk filled up, in the middle of a line: the first record after what is left of it.
     *
     * @param tornBytes length of what stands between the last whole line and this one, without the final newline
     * @param tornHash SHA-256 of it, in hex
     */
    record TornTail(Instant at, long tornBytes, String tornHash) implements LogEvent {}

    /**
     * A record reached the file after its deadline. Whoever asked had been answered with an error by then: what the record
     * says was handed out was not.
     *
     * @param record its {@code seq}
     */
    record Withdrawn(Instant at, long record) implements LogEvent {}
}
