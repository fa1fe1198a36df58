package dev.credfs.policy;

import java.util.List;

/**
 * One entry of an {@code allow} list.
 *
 * @param conditions at least one; all must hold
 * @param narrowing what its tokens get in addition
 */
public record Rule(List<Condition> conditions, Narrowing narrowing) {
    public Rule {
        conditions = List.copyOf(conditions);
        if (conditions.isEmpty()) {
            throw new IllegalArgumentException("a rule has at least one condition: write 'any: true' for everybody");
        }
    }

    boolean matches(Caller caller) {
        for (Condition condition : conditions) {
            if (!condition.holds(caller)) {
                return false;
            }
        }
        return true;
    }

    /** The conditions as a configuration writes them. */
    public String text() {
        StringBuilder text = new StringBuilder("{ ");
        for (Condition condition : conditions) {
            text.append(text.length() == 2 ? "" : ", ").append(condition.text());
        }
        return text.append(" }").toString();
    }
}
