package dev.credfs.policy;

import java.util.List;

/**
 * One entry of an {@code allow} list.
 *
 * @param conditions at least one, and not only what program it is; all must hold
 * @param narrowing what its tokens get in addition
 */
public record Rule(List<Condition> conditions, Narrowing narrowing) {
    public Rule {
        conditions = List.copyOf(conditions);
        if (conditions.isEmpty()) {
            throw new IllegalArgumentException("a rule has at least one condition: write 'any: true' for everybody");
        }
        if (!saysWho(conditions)) {
            throw new IllegalArgumentException(
                    "'exe' alone says nothing of who runs it, since anybody can start a program and"
                            + " steer it by its environment: add 'uid', 'gid' or 'container'");
        }
    }

    private static boolean saysWho(List<Condition> conditions) {
        boolean program = false;
        for (Condition condition : conditions) {
            if (condition instanceof Condition.RunsPath || condition instanceof Condition.RunsFile) {
                program = true;
            } else if (!(condition instanceof Condition.Any)) {
                return true;
            }
        }
        return !program;
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
