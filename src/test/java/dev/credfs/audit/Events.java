package dev.credfs.audit;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/** Events as a mount writes them. */
final class Events {
    static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901Z");

    private Events() {}

    static Caller caller(String exe, Container container) {
        return new Caller(
                new Tid(4243),
                new Pid(4242),
                987_654,
                new Uid(1000),
                new Gid(0xffff_fffeL),
                new Executable(exe, 2049, 131_072),
                "0::/system.slice/docker-0123456789abcdef.scope\n",
                4_026_531_837L,
                container);
    }

    static Caller caller() {
        return caller("/usr/bin/gh", new Container("0123456789abcdef"));
    }

    static String tokenId(int number) {
        return "01KX" + String.format(Locale.ROOT, "%022d", number);
    }

    /** Distinct by {@code number}, which is the token's id. */
    static AuditEvent.Minted minted(int number) {
        try {
            return new AuditEvent.Minted(
                    AT,
                    2,
                    "/github/token",
                    caller(),
                    "{ container: \"agent-*\" }",
                    1,
                    tokenId(number),
                    "3f2a9c1b",
                    List.of(
                            Caveat.parse("jti = " + tokenId(number)),
                            Caveat.parse("aud = gateway.local"),
                            Caveat.parse("host = api.github.com"),
                            Caveat.parse("method = GET,HEAD"),
                            Caveat.parse("path = /repos/acme/**"),
                            Caveat.parse("time < 2026-01-02T03:09:05Z")),
                    Instant.parse("2026-01-02T03:09:05Z"));
        } catch (CaveatSyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** One of each, the log's own among them. */
    static List<AuditEvent> all() {
        return List.of(
                new AuditEvent.Started(AT, 77, "/run/credfs/m"),
                minted(1),
                new AuditEvent.Coalesced(AT.plusSeconds(1), 2, "/github/token", caller(), tokenId(1), AT),
                new AuditEvent.Refused(
                        AT, 2, "/github/token", caller(), Failure.CALLER_REFUSED, "no rule of /github grants uid 1000"),
                new AuditEvent.RefusedUnclear(
                        AT, "/github/token", 0, 0xffff_ffffL, Failure.CALLER_REFUSED, "pid 0: a foreign pid namespace"),
                new AuditEvent.RefusedRead(
                        AT, "/github/token", caller(), caller("/bin/cat", Container.HOST), "another cgroup"),
                new AuditEvent.RefusedAgain(
                        AT.plusSeconds(60),
                        812,
                        AT,
                        new AuditEvent.Refused(
                                AT.plusSeconds(59), 2, "/f", caller(), Failure.CALLER_REFUSED, "no rule")),
                new AuditEvent.RefusedAgain(
                        AT.plusSeconds(60),
                        1,
                        AT,
                        new AuditEvent.RefusedUnclear(AT, "/f", 7, 1000, Failure.BUSY, "the mint is slow")),
                new AuditEvent.RefusedAgain(
                        AT.plusSeconds(60),
                        2,
                        AT,
                        new AuditEvent.RefusedRead(AT, "/f", caller(), caller("/bin/cat", Container.HOST), "another")),
                new AuditEvent.Bulk(AT, caller(), 17, Duration.ofSeconds(1)),
                new AuditEvent.Reloaded(AT, 3, "/etc/credfs/credfs.yaml"),
                new AuditEvent.Spent(
                        AT,
                        7,
                        "01KDXW0R00AAAAAAAAAAAAAAAA",
                        "github",
                        "GET https://api.github.com/user",
                        "127.0.0.1:4711",
                        ""),
                new AuditEvent.Spent(
                        AT, 8, "", "github", "GET https://api.github.com/user", "pid 7 uid 0", "{ uid: 0 }"),
                new AuditEvent.TunnelOpened(AT, 9, "deb.debian.org:443", "127.0.0.1:4711"),
                new AuditEvent.TunnelEnded(
                        AT, 9, "deb.debian.org:443", 1, 2345, Duration.ofMillis(1700), "no byte in time"),
                new AuditEvent.Answered(
                        AT, 7, "01KDXW0R00AAAAAAAAAAAAAAAA", "github", 200, 0, 1234, Duration.ofMillis(17)),
                new AuditEvent.RefusedRequest(
                        AT,
                        "01KDXW0R00AAAAAAAAAAAAAAAA",
                        "github",
                        "POST https://api.github.com/user",
                        Failure.CAVEAT_NOT_CLEARED,
                        "method = GET: the method is POST",
                        "127.0.0.1:4711",
                        false),
                new AuditEvent.Revoked(AT, "jti 01KDXW0R00AAAAAAAAAAAAAAAA"),
                new AuditEvent.Recovered(AT, "a stale mount at /run/credfs/m"),
                new AuditEvent.Fault(AT, "read", "java.lang.StackOverflowError at dev.credfs.mint.Tree"),
                new AuditEvent.Stopped(AT, 77, "SIGTERM"),
                new LogEvent.Continued(AT, LogEvent.Break.ROTATED, "earlier: /var/log/credfs/audit.log.1"),
                new LogEvent.TornTail(AT, 12, LineHash.of(new byte[12]).toString()),
                new LogEvent.Withdrawn(AT, 9));
    }
}
