package dev.credfs.policy;

import java.util.List;

/**
 * A verdict with the reason of every rule.
 *
 * @param verdict what {@link Policy#decide} says of the same caller
 * @param rules one finding for each rule, in order; those after the one that decided are told as well
 */
public record Explanation(Verdict verdict, List<RuleFinding> rules) {
    public Explanation {
        rules = List.copyOf(rules);
    }

    /**
     * What one rule says of the caller.
     *
     * @param number from 1
     * @param matches whether all its conditions hold
     * @param conditions one finding for each condition, in order
     */
    public record RuleFinding(int number, Rule rule, boolean matches, List<ConditionFinding> conditions) {
        public RuleFinding {
            conditions = List.copyOf(conditions);
        }
    }

    /**
     * What one condition says of the caller.
     *
     * @param fact what it looked at, quoting the caller
     */
    public record ConditionFinding(Condition condition, boolean holds, String fact) {}
}
