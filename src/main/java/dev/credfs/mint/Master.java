package dev.credfs.mint;

import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;

/** The master behind a file: there, or not there for a reason. One bad master disables its own files and no others. */
public sealed interface Master {

    /** The master, or the refusal that every open of its files gets. */
    MasterMacaroon orThrow() throws RefusedException;

    /** A master that could be read. */
    record Available(MasterMacaroon macaroon) implements Master {
        @Override
        public MasterMacaroon orThrow() {
            return macaroon;
        }
    }

    /**
     * A master that could not.
     *
     * @param why one line without any of its content
     */
    record Unavailable(String why) implements Master {
        @Override
        public MasterMacaroon orThrow() throws RefusedException {
            throw new RefusedException(Failure.MASTER_UNAVAILABLE, why);
        }
    }
}
