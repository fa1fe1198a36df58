package dev.credfs.mint;

import dev.credfs.caveat.Audience;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Pid;
import dev.credfs.policy.Policy;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Files and callers that tests of this package begin with. */
final class Fixture {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05.25Z");
    static final Policy ANYBODY = new Policy(List.of(new Rule(List.of(new Condition.Any()), Narrowing.NONE)));

    private static final String HOST_CGROUP = "0::/user.slice\n";
    private static final long HOST_NAMESPACE = 4_026_531_837L;

    private Fixture() {}

    static Caller onHost(int pid, long uid) {
        return new Caller(
                new Tid(pid),
                new Pid(pid),
                1000L + pid,
                new Uid(uid),
                new Gid(uid),
                new Executable("/usr/bin/cat", 1, 2),
                HOST_CGROUP,
                HOST_NAMESPACE,
                Container.HOST);
    }

    static Caller inContainer(int pid, long uid, String container) {
        return withPlace(onHost(pid, uid), "0::/machine/" + container + "\n", HOST_NAMESPACE, new Container(container));
    }

    static Caller withPlace(Caller caller, String cgroup, long userNamespace, Container container) {
        return new Caller(
                caller.tid(),
                caller.pid(),
                caller.startTicks(),
                caller.uid(),
                caller.gid(),
                caller.executable(),
                cgroup,
                userNamespace,
                container);
    }

    static TokenFile.Minted mint(TokenFile file, Caller caller, Instant now) throws RefusedException {
        return file.mint(file.prospect(caller, now, new SecureRandom()), now);
    }

    static TokenFile file(String path, Duration ttl, Policy policy) {
        return file(path, ttl, policy, Pace.FREE);
    }

    static TokenFile file(String path, Duration ttl, Policy policy, Pace pace) {
        try (RootKey key = RootKey.generate(new SecureRandom())) {
            return new TokenFile(
                    path,
                    new Master.Available(key.issue(new KeyId("k1"), List.of())),
                    ttl,
                    List.of(new Audience("gateway.local")),
                    policy,
                    Template.parse("${token}", Map.of()),
                    pace);
        } catch (TemplateSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
