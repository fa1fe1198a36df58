package dev.credfs.cli;

import dev.credfs.policy.Failure;

/** A command that did not do what it was asked: one line for stderr, and the exit status. */
final class CommandException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Failure failure;

    /**
     * Ends a command.
     *
     * @param message what, where, what to do; lower case, no full stop, no secrets
     */
    CommandException(Failure failure, String message) {
        super(message);
        this.failure = failure;
    }

    Failure failure() {
        return failure;
    }
}
