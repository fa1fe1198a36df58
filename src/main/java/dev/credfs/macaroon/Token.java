package dev.credfs.macaroon;

import dev.credfs.crypto.Fingerprint;

/** What a read returns: a macaroon that expires. Only {@link MasterMacaroon#attenuate} makes one. */
public final class Token {
    private final Chain chain;

    Token(Chain chain) {
        this.chain = chain;
    }

    /** The token as its reader gets it: ASCII, nothing around it. */
    public byte[] revealText() {
        return chain.text();
    }

    public Fingerprint fingerprint() {
        return chain.fingerprint();
    }

    @Override
    public String toString() {
        return "Token[" + fingerprint() + "]";
    }
}
