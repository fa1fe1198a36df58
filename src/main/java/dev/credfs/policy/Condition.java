package dev.credfs.policy;

/** One thing that a rule asks of a caller. */
public sealed interface Condition {

    /** Whether it holds. */
    boolean holds(Caller caller);

    /** The condition as a configuration writes it, for {@code explain} and the audit log. */
    String text();

    /** {@code any: true}: every caller that could be identified. */
    record Any() implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return true;
        }

        @Override
        public String text() {
            return "any: true";
        }
    }

    /** {@code uid: 1000}. */
    record HasUid(Uid uid) implements Condition {
        @Override
        public boolean holds(Caller caller) {
            return caller.uid().equals(uid);
        }

        @Override
        public String text() {
            return "uid: " + uid;
        }
    }
}
