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
                AuditEvent.Coalesced,
                AuditEvent.Refusal,
                AuditEvent.RefusedAgain,
                AuditEvent.Fault,
                AuditEvent.Bulk,
                AuditEvent.Reloaded,
                AuditEvent.Spent,
                AuditEvent.Answered,
                AuditEvent.RefusedRequest,
                AuditEvent.TunnelOpened,
                AuditEvent.TunnelEnded,
                AuditEvent.Revoked,
                LogEvent {

    /** When it happened, by the wall clock. */
    Instant at();

    /**
     * A daemon begins, and nothing that it gives out is on the record before this.
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
     * @param generation of the configuration that granted it: 1 at the daemon's start, one more for each reload; 0 in lines of
     *     versions that did not write it
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
            long generation,
            String path,
            Caller caller,
            String rule,
            int ruleNumber,
            String tokenId,
            String fingerprint,
            List<Caveat> caveats,
            Instant expiry)
            implements AuditEvent {}

    /**
     * A process got a token again that it had got a moment before, as its file allows.
     *
     * @param tokenId the token's {@code jti}, which the record of its mint has
     * @param mintedAt when that was
     */
    record Coalesced(Instant at, long generation, String path, Caller caller, String tokenId, Instant mintedAt)
            implements AuditEvent {}

    /** Somebody did not get a token. */
    sealed interface Refusal extends AuditEvent {
        String path();

        String why();
    }

    /** A caller did not get a token. */
    record Refused(Instant at, long generation, String path, Caller caller, Failure failure, String why)
            implements Refusal {}

    /**
     * Somebody did not get a token, and who it was is not clear.
     *
     * @param tid the thread as the kernel named it; 0 if it is not of our pid namespace
     * @param uid the uid as the kernel passed it
     */
    record RefusedUnclear(Instant at, String path, int tid, long uid, Failure failure, String why) implements Refusal {}

    /** A descriptor was read by somebody else than the one who opened it. */
    record RefusedRead(Instant at, String path, Caller opener, Caller reader, String why) implements Refusal {}

    /**
     * The same file was refused to the same container or user, for the same reason, again and again: refusals that have no
     * record of their own.
     *
     * @param times how many
     * @param since the first of them
     * @param last the last of them
     */
    record RefusedAgain(Instant at, long times, Instant since, Refusal last) implements AuditEvent {}

    /**
     * A token was spent: the request is about to be forwarded with the credential in its place. Written first; what came of it
     * is {@link Answered}.
     *
     * @param request id of the request, in this process
     * @param tokenId the token's {@code jti}; empty where none was needed
     * @param route name of the route
     * @param asked method and URL of the upstream, without the query unless it is the service that git asks for
     * @param peer who presented it
     * @param rule the rule that let the peer in without a token, as the configuration writes it; empty where none had to
     */
    record Spent(Instant at, long request, String tokenId, String route, String asked, String peer, String rule)
            implements AuditEvent {}

    /**
     * How a forwarded request ended.
     *
     * @param request that of {@link Spent}
     * @param status what the client was answered; 0 if it went before that
     * @param requestBytes of the body, as forwarded
     * @param responseBytes of the body, as forwarded
     * @param took from the head of the request to the end of the answer
     */
    record Answered(
            Instant at,
            long request,
            String tokenId,
            String route,
            int status,
            long requestBytes,
            long responseBytes,
            Duration took)
            implements AuditEvent {}

    /**
     * A request was not forwarded, or its answer was not passed because it held the credential.
     *
     * @param tokenId empty where no chain was verified
     * @param route empty where the request named none of ours
     * @param asked method and URL without the query, as above; empty where it did not come to that
     * @param letThrough all the same, because the gateway runs dry
     */
    record RefusedRequest(
            Instant at,
            String tokenId,
            String route,
            String asked,
            Failure failure,
            String why,
            String peer,
            boolean letThrough)
            implements AuditEvent {}

    /**
     * Bytes are about to pass between a client and a host for which there is no credential. Written first; how it ended is
     * {@link TunnelEnded}.
     *
     * @param request id of the tunnel, in this process
     * @param to host and port
     * @param peer who asked for it
     */
    record TunnelOpened(Instant at, long request, String to, String peer) implements AuditEvent {}

    /**
     * No more bytes pass.
     *
     * @param request that of {@link TunnelOpened}
     * @param to host and port
     * @param sentBytes from the client
     * @param receivedBytes to the client
     * @param took from the request for it to its end
     * @param why it ended, or never began
     */
    record TunnelEnded(
            Instant at, long request, String to, long sentBytes, long receivedBytes, Duration took, String why)
            implements AuditEvent {}

    /**
     * A revocation took effect.
     *
     * @param revocation its line in the list
     */
    record Revoked(Instant at, String revocation) implements AuditEvent {}

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
     * @param files how many different ones it had opened when this was noticed; more may follow
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
