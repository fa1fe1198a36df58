package dev.credfs.macaroon;

import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.Fingerprint;
import java.time.Instant;
import java.util.List;

/**
 * A macaroon that somebody presented: well-formed, and nothing else is known of it.
 */
public final class PresentedMacaroon {
    private final Chain chain;

    private PresentedMacaroon(Chain chain) {
        this.chain = chain;
    }

    /**
     * Reads a presented macaroon.
     *
     * @param text ASCII base64url of the V2 binary form, with nothing around it
     */
    public static PresentedMacaroon parse(byte[] text) throws MalformedMacaroonException {
        return new PresentedMacaroon(Chain.parse(text));
    }

    /**
     * Reads a presented macaroon from a line of text.
     *
     * @param line as {@link #parse}, and one final newline may follow
     */
    public static PresentedMacaroon parseLine(byte[] line) throws MalformedMacaroonException {
        return new PresentedMacaroon(Chain.parseLine(line));
    }

    /** The root key that it claims to stand on. */
    public KeyId unverifiedId() {
        return chain.id();
    }

    /** A hint where it may be used; never signed, never to decide by. */
    public String unverifiedLocation() {
        return chain.location();
    }

    public List<Caveat> unverifiedCaveats() {
        return chain.caveats();
    }

    /** When it says that it expires, or {@link Instant#MAX}. */
    public Instant unverifiedExpiry() {
        return Chain.expiry(chain.caveats());
    }

    /** The same macaroon, narrowed further. Needs no key, and proves nothing about the one it came from. */
    public PresentedMacaroon attenuate(List<Caveat> caveats) {
        return new PresentedMacaroon(chain.add(caveats));
    }

    /**
     * Checks the chain.
     *
     * @throws BadSignatureException if it does not start from {@code key}
     */
    public VerifiedMacaroon verify(RootKey key) throws BadSignatureException {
        if (!key.starts(chain)) {
            throw new BadSignatureException();
        }
        return new VerifiedMacaroon(chain);
    }

    /** The macaroon as it was presented: ASCII, nothing around it. */
    public byte[] revealText() {
        return chain.text();
    }

    public Fingerprint fingerprint() {
        return chain.fingerprint();
    }

    @Override
    public String toString() {
        return "PresentedMacaroon[" + fingerprint() + "]";
    }
}
