package dev.credfs.policy;

import java.util.List;

/**
 * The {@code allow} list of a file: the first rule that matches decides, and nothing matched is a refusal.
 *
 * @param rules may be empty: then nobody is granted anything
 */
public record Policy(List<Rule> rules) {
    public Policy {
        rules = List.copyOf(rules);
    }

    public Verdict decide(Caller caller) {
        for (int i = 0; i < rules.size(); i++) {
            Rule rule = rules.get(i);
            if (rule.matches(caller)) {
                if (rule.narrowing().bindContainer() && caller.container().isHost()) {
                    return new Verdict.Refusal(
                            Failure.CALLER_REFUSED,
                            "rule " + (i + 1) + " " + rule.text() + " binds to a container, and the caller is in none");
                }
                return new Verdict.Grant(i, rule);
            }
        }
        return new Verdict.Refusal(
                Failure.CALLER_REFUSED,
                rules.isEmpty()
                        ? "no rule allows anybody"
                        : "none of the " + rules.size() + " rules matches the caller");
    }
}
