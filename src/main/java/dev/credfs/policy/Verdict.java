package dev.credfs.policy;

/** What a policy says of one caller. */
public sealed interface Verdict {

    /** The grant's rule; where this is a refusal, its reason as an exception. */
    Grant orThrow() throws RefusedException;

    /**
     * The caller may have a token.
     *
     * @param ruleIndex position of the rule that matched, from 0
     * @param rule that rule
     */
    record Grant(int ruleIndex, Rule rule) implements Verdict {
        @Override
        public Grant orThrow() {
            return this;
        }
    }

    /**
     * The caller may not.
     *
     * @param failure the reason
     * @param why one line that names the rule or says that none matched
     */
    record Refusal(Failure failure, String why) implements Verdict {
        @Override
        public Grant orThrow() throws RefusedException {
            throw new RefusedException(failure, why);
        }
    }
}
