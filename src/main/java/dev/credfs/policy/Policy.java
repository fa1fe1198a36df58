package dev.credfs.policy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The {@code allow} list of a file: the first rule that matches decides, and nothing matched is a refusal. */
public final class Policy {
    private final List<Rule> rules;
    private final RuleIndex index;

    /**
     * A list of rules.
     *
     * @param rules may be empty: then nobody is granted anything
     */
    public Policy(List<Rule> rules) {
        this.rules = List.copyOf(rules);
        this.index = new RuleIndex(this.rules);
    }

    /** The rules in order. */
    public List<Rule> rules() {
        return rules;
    }

    /**
     * The shortest ttl that any caller's token can have.
     *
     * @param ofFile the ttl where no rule narrows it
     */
    public Duration shortestTtl(Duration ofFile) {
        Duration shortest = ofFile;
        for (Rule rule : rules) {
            Duration atMost = rule.narrowing().ttlAtMost();
            shortest = atMost.compareTo(shortest) < 0 ? atMost : shortest;
        }
        return shortest;
    }

    /** Says of every rule whether it matches and why, and what {@link #decide} therefore says. */
    public Explanation explain(Caller caller) {
        List<Explanation.RuleFinding> findings = new ArrayList<>();
        for (Rule rule : rules) {
            List<Explanation.ConditionFinding> conditions = new ArrayList<>();
            for (Condition condition : rule.conditions()) {
                conditions.add(
                        new Explanation.ConditionFinding(condition, condition.holds(caller), condition.fact(caller)));
            }
            findings.add(new Explanation.RuleFinding(findings.size() + 1, rule, rule.matches(caller), conditions));
        }
        return new Explanation(decide(caller), findings);
    }

    /** The first rule that matches decides, also where it then refuses to bind. */
    public Verdict decide(Caller caller) {
        int first = index.firstMatch(caller);
        if (first == RuleIndex.NONE) {
            return new Verdict.Refusal(
                    Failure.CALLER_REFUSED,
                    rules.isEmpty()
                            ? "no rule allows anybody"
                            : "none of the " + rules.size() + " rules matches the caller");
        }
        Rule rule = rules.get(first);
        if (rule.narrowing().bindContainer() && caller.container().isHost()) {
            return new Verdict.Refusal(
                    Failure.CALLER_REFUSED,
                    "rule " + (first + 1) + " " + rule.text() + " binds to a container, and the caller is in none");
        }
        return new Verdict.Grant(first, rule);
    }
}
