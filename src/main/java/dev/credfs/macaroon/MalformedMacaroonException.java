package dev.credfs.macaroon;

/** Bytes that are not a macaroon as this package accepts it. The message quotes nothing of them. */
public final class MalformedMacaroonException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedMacaroonException(String problem) {
        super(problem);
    }
}
