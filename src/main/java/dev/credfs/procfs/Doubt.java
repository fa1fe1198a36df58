package dev.credfs.procfs;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;

/** The refusal of a caller that is not clear. */
final class Doubt {
    private Doubt() {}

    static RefusedException because(String why) {
        return new RefusedException(Failure.CALLER_REFUSED, "the caller is not clear: " + why);
    }
}
