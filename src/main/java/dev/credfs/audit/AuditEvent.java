package dev.credfs.audit;

import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Something that happened and is kept on the record. None holds a token, a master or a key. */
public sealed interface AuditEvent
        permits AuditEvent.Started,
                AuditEvent.Stopped,
                AuditEvent.Recovered,
                AuditEvent.Minted,
                AuditEvent.Refused,
                AuditEvent.RefusedUnclear,
                AuditEvent.RefusedRead,
                AuditEvent.Fault,
                AuditEvent.Bulk,
                AuditEvent.Reloaded,
                LogEvent {

    /** When it happened, by the wall clock. */
    Instant at();

    /**
     * A daemon begins to serve.
     *
     * @param pid its process id
     * @param mount where
     */
    record Started(Instant at, int pid, String mount) implements AuditEvent {}

    /**
     * A daemon ends.
     *
     * @param why what ended it
     */
    record Stopped(Instant at, int pid, String why) implements AuditEvent {}

    /**
     * A daemon found what a dead one had left behind, and cleared it.
     *
     * @param what was cleared
     */
    record Recovered(Instant at, String what) implements AuditEvent {}

    /**
     * A token was made for a caller.
     *
     * @param path of the file, from the root of the mount
     * @param caller who reads
     * @param rule the rule that granted it, as the configuration writes it
     * @param ruleNumber from 1
     * @param tokenId the token's {@code jti}
     * @param fingerprint of the token
     * @param caveats all that the mint added, in order
     * @param expiry when the token expires
     */
    record Minted(
            Instant at,
            String path,
            Caller caller,
            String rule,
            int ruleNumber,
            String tokenId,
            String fingerprint,
            List<Caveat> caveats,
            Instant expiry)
            implements AuditEvent {}

    /** A caller did not get a token. */
    record Refused(Instant at, String path, Caller caller, Failure failure, String why) implements AuditEvent {}

    /**
     * Somebody did not get a token, and who it was is not clear.
     *
     * @param tid the thread as the kernel named it; 0 if it is not of our pid namespace
     * @param uid the uid as the kernel passed it
     */
    record RefusedUnclear(Instant at, String path, int tid, long uid, Failure failure, String why)
            implements AuditEvent {}

    /** A descriptor was read by somebody else than the one who opened it. */
    record RefusedRead(Instant at, String path, Caller opener, Caller reader, String why) implements AuditEvent {}

    /**
     * A bug: the caller got an error, the daemon lives.
     *
     * @param operation what was being done
     * @param error class of what was thrown, and where; never its message, which may hold anything
     */
    record Fault(Instant at, String operation, String error) implements AuditEvent {}

    /**
     * One process opened many files at once. Each token has a record of its own beside this one.
     *
     * @param files how many it opened
     * @param within the time they were counted in
     */
    record Bulk(Instant at, Caller caller, int files, Duration within) implements AuditEvent {}

    /**
     * A daemon serves by a new configuration.
     *
     * @param generation of the configuration, from 1 at start
     * @param file the configuration was read from
     */
    record Reloaded(Instant at, long generation, String file) implements AuditEvent {}
}
