package dev.credfs.vault;

/** A vault that cannot be read, opened or written: one line that says what, where and what to do, without any secret. */
public final class VaultException extends Exception {
    private static final long serialVersionUID = 1L;

    public VaultException(String message) {
        super(message);
    }

    VaultException(String message, Throwable cause) {
        super(message, cause);
    }
}
