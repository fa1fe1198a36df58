package dev.credfs.macaroon;

import dev.credfs.crypto.Fingerprint;

/** What a read returns: a macaroon that expires. Only {@link MasterMacaroon#attenuate} makes one. */
public final class Token {
    private final byte[] text;

    Token(Chain chain) {
        this.text = chain.text();
    }

    /** The token as its reader gets it: ASCII, nothing around it. */
    public byte[] revealText() {
        return text.clone();
    }

    /** Sixteen hex digits that tell it from other tokens in a log. */
    public String fingerprint() {
        return Fingerprint.of(text).hex();
    }

    @Override
    public String toString() {
        return "Token[" + fingerprint() + "]";
    }
}
