package dev.credfs.macaroon;

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

    /** Sixteen hex digits that tell it from other tokens in a log. */
    public String fingerprint() {
        return chain.fingerprint().hex();
    }

    @Override
    public String toString() {
        return "Token[" + fingerprint() + "]";
    }
}
