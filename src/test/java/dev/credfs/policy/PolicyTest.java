package dev.credfs.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.Condition.Any;
import dev.credfs.policy.Condition.HasGid;
import dev.credfs.policy.Condition.HasUid;
import dev.credfs.policy.Condition.InContainer;
import dev.credfs.policy.Condition.RunsFile;
import dev.credfs.policy.Condition.RunsPath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PolicyTest {
    private static final String GH = "/usr/bin/gh";
    private static final Narrowing BOUND = new Narrowing(Duration.ofMinutes(1), List.of(), true);

    private static Caller caller(long uid, long gid, String exe, String container) {
        return new Caller(
                new Tid(8),
                new Pid(7),
                99,
                new Uid(uid),
                new Gid(gid),
                new Executable(exe, 1, 2),
                "0::/x\n",
                4026531837L,
                new Container(container));
    }

    private static Rule rule(Condition... conditions) {
        return new Rule(List.of(conditions), Narrowing.NONE);
    }

    private static InContainer inContainer(String glob) {
        return new InContainer(new ContainerGlob(glob));
    }

    private static Policy policy(Rule... rules) {
        return new Policy(List.of(rules));
    }

    @Test
    void nothingMatchedIsARefusal() {
        assertThat(policy().decide(caller(0, 0, GH, "")))
                .isEqualTo(new Verdict.Refusal(Failure.CALLER_REFUSED, "no rule allows anybody"));
        assertThat(policy(rule(new HasUid(new Uid(1))), rule(new HasGid(new Gid(1))))
                        .decide(caller(0, 0, GH, "")))
                .isEqualTo(new Verdict.Refusal(Failure.CALLER_REFUSED, "none of the 2 rules matches the caller"));
    }

    @Test
    void firstMatchWins() {
        Policy policy = policy(
                rule(new HasUid(new Uid(1))),
                new Rule(List.of(new HasUid(new Uid(1000))), new Narrowing(Duration.ofSeconds(9), List.of(), false)),
                rule(new Any()));

        assertThat(policy.decide(caller(1000, 0, GH, "")))
                .isEqualTo(new Verdict.Grant(1, policy.rules().get(1)));
        assertThat(policy.decide(caller(5, 0, GH, "")))
                .isEqualTo(new Verdict.Grant(2, policy.rules().get(2)));
    }

    @Test
    void firstMatchWinsAlsoWhereItCannotBind() {
        Policy policy = policy(new Rule(List.of(new Any()), BOUND), rule(new Any()));

        assertThat(policy.decide(caller(1000, 0, GH, ""))).isInstanceOfSatisfying(Verdict.Refusal.class, refusal -> {
            assertThat(refusal.why()).contains("rule 1 { any: true } binds to a container");
        });
        assertThat(policy.decide(caller(1000, 0, GH, "agent"))).isInstanceOf(Verdict.Grant.class);
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 100, /usr/bin/gh, agent-1, true",
        "1001, 100, /usr/bin/gh, agent-1, false",
        "1000, 101, /usr/bin/gh, agent-1, false",
        "1000, 100, /usr/bin/gx, agent-1, false",
        "1000, 100, /usr/bin/gh, other-1, false",
        "1000, 100, /usr/bin/gh, '', false",
    })
    void allConditionsMustHold(long uid, long gid, String exe, String container, boolean granted) {
        Policy policy = policy(
                rule(new HasUid(new Uid(1000)), new HasGid(new Gid(100)), new RunsPath(GH), inContainer("agent-*")));

        assertThat(policy.decide(caller(uid, gid, exe, container)) instanceof Verdict.Grant)
                .isEqualTo(granted);
    }

    @ParameterizedTest
    @CsvSource({
        "agent-*, agent-1, true",
        "agent-*, agent-, true",
        "agent-*, agent, false",
        "agent-*, xagent-1, false",
        "agent-*, 1000/agent-1, false",
        "*, agent, true",
        "*, 1000/agent, false",
        "*/*, agent, false",
        "*/*, 1000/agent, true",
        "1000/*, 1000/agent, true",
        "1000/*, 10000/agent, false",
        "100*/agent, 1000/agent, true",
        "ci.service/*, ci.service/ab, true",
        "*-1-*, a-1-b-1-c, true",
        "a*b*c, axxbxxc, true",
        "a*b*c, axxbxx, false",
        "*a, aaaaaaaa, true",
        "agent, agent, true",
        "agent, agent1, false",
        "AGENT, agent, false",
    })
    void globIsAnchoredAndStaysInItsSegment(String glob, String id, boolean covered) {
        assertThat(new ContainerGlob(glob).covers(id)).isEqualTo(covered);
        assertThat(policy(rule(inContainer(glob))).decide(caller(0, 0, GH, id)) instanceof Verdict.Grant)
                .isEqualTo(covered);
    }

    @Test
    void noGlobCoversTheHost() {
        for (String glob : List.of("*", "*/*", "host", "**")) {
            assertThat(policy(rule(inContainer(glob))).decide(caller(0, 0, GH, "")))
                    .isInstanceOf(Verdict.Refusal.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "/a", "a/", "a/b/c", "[a]", "a?", "ä", "a\n"})
    void globThatCoversNoIdIsAnError(String text) {
        assertThatThrownBy(() -> new ContainerGlob(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("covers no container");
    }

    @Test
    void programAloneIsAnError() {
        for (Condition program : List.of(new RunsPath(GH), new RunsFile(new Executable(GH, 1, 2)))) {
            assertThatThrownBy(() -> rule(program))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("'exe' alone says nothing of who runs it");
            assertThatThrownBy(() -> rule(program, new Any())).isInstanceOf(IllegalArgumentException.class);
            assertThat(rule(program, new HasGid(new Gid(1))).conditions()).hasSize(2);
        }
    }

    @Test
    void programOfTheHostIsTheFileAndNotThePath() {
        Caller caller = caller(1000, 0, GH, "");
        HasUid uid = new HasUid(new Uid(1000));

        assertThat(policy(rule(uid, new RunsFile(new Executable(GH, 1, 2)))).decide(caller))
                .isInstanceOf(Verdict.Grant.class);
        assertThat(policy(rule(uid, new RunsFile(new Executable(GH, 1, 3)))).decide(caller))
                .isInstanceOf(Verdict.Refusal.class);
        assertThat(policy(rule(uid, new RunsFile(new Executable(GH, 9, 2)))).decide(caller))
                .isInstanceOf(Verdict.Refusal.class);
        assertThat(new RunsFile(new Executable(GH, 1, 3)).fact(caller)).contains("another file called /usr/bin/gh");
    }

    @Test
    void deletedProgramIsAnotherOne() {
        Policy policy = policy(rule(new HasUid(new Uid(1000)), new RunsPath(GH)));

        assertThat(policy.decide(caller(1000, 0, GH + " (deleted)", ""))).isInstanceOf(Verdict.Refusal.class);
    }

    @Test
    void explanationNamesTheFactBehindEachCondition() {
        Policy policy = policy(
                rule(inContainer("agent-*"), new HasUid(new Uid(1000))),
                rule(new HasUid(new Uid(1000)), new RunsPath(GH)),
                rule(new Any()));

        Explanation explanation = policy.explain(caller(1000, 5, "/bin/cat", ""));

        assertThat(explanation.verdict())
                .isEqualTo(new Verdict.Grant(2, policy.rules().get(2)));
        assertThat(explanation.rules())
                .extracting(Explanation.RuleFinding::matches)
                .containsExactly(false, false, true);
        assertThat(explanation.rules().get(0).conditions())
                .extracting(finding -> finding.condition().text() + " " + finding.holds() + ": " + finding.fact())
                .containsExactly(
                        "container: \"agent-*\" false: the caller is a process of the host",
                        "uid: 1000 true: the caller's uid is 1000");
        assertThat(explanation.rules().get(1).conditions().get(1).fact()).isEqualTo("the caller runs /bin/cat");
    }

    @Test
    void explanationAgreesWithTheVerdict() {
        List<Condition> all = List.of(
                new Any(), new HasUid(new Uid(1)), new HasGid(new Gid(2)), inContainer("a*"), inContainer("*/b"));
        List<Rule> rules = new ArrayList<>();
        for (Condition first : all) {
            for (Condition second : all) {
                rules.add(new Rule(List.of(first, second), rules.size() % 3 == 0 ? BOUND : Narrowing.NONE));
            }
        }
        for (int from = 0; from < rules.size(); from++) {
            Policy policy = new Policy(rules.subList(from, rules.size()));
            for (Caller caller : List.of(caller(1, 1, GH, ""), caller(3, 2, GH, "a1"), caller(9, 9, GH, "1/b"))) {
                Explanation explanation = policy.explain(caller);
                Explanation.RuleFinding first = null;
                for (Explanation.RuleFinding finding : explanation.rules()) {
                    first = first == null && finding.matches() ? finding : first;
                }
                assertThat(explanation.verdict()).isEqualTo(policy.decide(caller));
                if (explanation.verdict() instanceof Verdict.Grant grant) {
                    assertThat(first).isNotNull();
                    assertThat(grant.ruleIndex()).isEqualTo(first.number() - 1);
                } else {
                    assertThat(first == null || first.rule().narrowing().bindContainer())
                            .isTrue();
                }
            }
        }
    }

    @Test
    void indexFindsWhatAWalkFinds() {
        SplittableRandom random = new SplittableRandom(1);
        String[] globs = {"a", "a*", "ab*", "*", "*b", "7/*", "7/a", "*/*"};
        String[] ids = {"", "a", "ab", "b", "abb", "7/a", "7/x", "8/a"};
        for (int round = 0; round < 2_000; round++) {
            List<Rule> rules = new ArrayList<>();
            for (int i = random.nextInt(12); i >= 0; i--) {
                List<Condition> conditions = new ArrayList<>(List.of(new HasUid(new Uid(random.nextInt(2)))));
                if (random.nextBoolean()) {
                    conditions.add(new HasGid(new Gid(random.nextInt(2))));
                }
                if (random.nextBoolean()) {
                    conditions.add(random.nextBoolean() ? new RunsPath(GH) : new RunsFile(new Executable("/x", 1, 2)));
                }
                if (random.nextBoolean()) {
                    conditions.add(inContainer(globs[random.nextInt(globs.length)]));
                    conditions.remove(random.nextBoolean() ? 0 : conditions.size() - 1);
                }
                if (random.nextInt(8) == 0) {
                    conditions = List.of(new Any());
                }
                rules.add(new Rule(conditions, Narrowing.NONE));
            }
            Caller caller = caller(
                    random.nextInt(2),
                    random.nextInt(2),
                    random.nextBoolean() ? GH : "/x",
                    ids[random.nextInt(ids.length)]);
            int walked = 0;
            while (walked < rules.size() && !rules.get(walked).matches(caller)) {
                walked++;
            }
            Verdict verdict = new Policy(rules).decide(caller);
            if (walked == rules.size()) {
                assertThat(verdict).isInstanceOf(Verdict.Refusal.class);
            } else {
                assertThat(verdict).isEqualTo(new Verdict.Grant(walked, rules.get(walked)));
            }
        }
    }

    @Test
    void oneHundredThousandRulesAreDecidedInAMillisecond() {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < 100_000; i++) {
            rules.add(
                    switch (i % 4) {
                        case 0 -> rule(new HasUid(new Uid(100_000 + i)), new RunsPath("/usr/bin/p" + i));
                        case 1 -> rule(inContainer("agent-" + i + "-*"));
                        case 2 -> rule(inContainer("f".repeat(58) + (100_000 + i)));
                        default -> rule(new HasUid(new Uid(1000)), new HasGid(new Gid(100_000 + i)));
                    });
        }
        Policy policy = new Policy(rules);
        Caller last = caller(1000, 1000, GH, "agent-x-1");
        long[] nanos = new long[2_000];
        for (int round = 0; round < nanos.length; round++) {
            long start = System.nanoTime();
            Verdict verdict = policy.decide(last);
            nanos[round] = System.nanoTime() - start;
            assertThat(verdict).isInstanceOf(Verdict.Refusal.class);
        }
        long[] warm = Arrays.copyOfRange(nanos, nanos.length / 2, nanos.length);
        Arrays.sort(warm);
        assertThat(warm[warm.length * 99 / 100]).isLessThan(1_000_000);
    }
}
