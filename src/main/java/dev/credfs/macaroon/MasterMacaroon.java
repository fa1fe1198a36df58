package dev.credfs.macaroon;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.crypto.Fingerprint;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;

/**
 * A long-lived macaroon from which tokens are made. It stays on the host; there is no way from it to the content of a file
 * but {@link #attenuate}.
 */
public final class MasterMacaroon {
    private final Chain chain;
    private final List<Caveat> caveats;
    private final Instant expiry;

    MasterMacaroon(Chain chain) {
        this.chain = chain;
        this.caveats = chain.caveats();
        this.expiry = Chain.expiry(caveats);
    }

    /**
     * Reads the content of a master's file: one line of base64url.
     *
     * @param content one final newline may be missing
     */
    public static MasterMacaroon parse(byte[] content) throws MalformedMacaroonException {
        return new MasterMacaroon(Chain.parseLine(content));
    }

    /**
     * This master with {@code caveats} after its own, once and for all: a master still, and as secret, whose tokens have them too.
     *
     * @throws IllegalArgumentException if the result would be too long
     */
    public MasterMacaroon narrowed(List<Caveat> caveats) {
        return new MasterMacaroon(chain.add(caveats));
    }

    /**
     * A token: this master, narrowed by {@code caveats} in their order. Needs no key and can only narrow.
     *
     * @throws IllegalArgumentException if no {@link Expiry} is among them, or the result would be too long
     */
    public Token attenuate(List<Caveat> caveats) {
        boolean expires = false;
        for (Caveat caveat : caveats) {
            expires |= caveat instanceof Expiry;
        }
        if (!expires) {
            throw new IllegalArgumentException("a token always expires: no 'time <' among its caveats");
        }
        return new Token(chain.add(caveats));
    }

    public KeyId id() {
        return chain.id();
    }

    /** The master's own caveats, as it says; only the holder of the root key can tell whether they are what was issued. */
    public List<Caveat> caveats() {
        return caveats;
    }

    /** When the master itself expires: the earliest of its expiries, or {@link Instant#MAX}. */
    public Instant expiry() {
        return expiry;
    }

    /** The content of a master's file, with its final newline, for a file of mode 0600. */
    public byte[] revealMasterFile() {
        byte[] text = chain.text();
        byte[] line = Arrays.copyOf(text, text.length + 1);
        line[text.length] = '\n';
        return line;
    }

    public Fingerprint fingerprint() {
        return chain.fingerprint();
    }

    @Override
    public String toString() {
        return "MasterMacaroon[" + fingerprint() + "]";
    }
}
