package dev.credfs.macaroon;

/** A chain that was not made from this root key: another key, or something was changed, dropped or put in between. */
public final class BadSignatureException extends Exception {
    private static final long serialVersionUID = 1L;

    BadSignatureException() {
        super("bad signature: another root key, or the token was changed");
    }
}
