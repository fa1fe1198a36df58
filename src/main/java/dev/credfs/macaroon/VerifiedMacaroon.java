package dev.credfs.macaroon;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.caveat.Prohibition;
import dev.credfs.caveat.TokenId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A macaroon whose chain was checked: only now can it be asked about an access. */
public final class VerifiedMacaroon {
    private static final String REQUIRED_TO_CLEAR = "missing: without it a token clears nothing";

    private final KeyId id;
    private final List<Caveat> caveats;

    VerifiedMacaroon(Chain chain) {
        this.id = chain.id();
        this.caveats = chain.caveats();
    }

    public KeyId id() {
        return id;
    }

    /** In the order of the chain. */
    public List<Caveat> caveats() {
        return caveats;
    }

    /** The id of the token: of its one {@code jti} caveat, or empty where there is none or more than one. */
    public Optional<TokenId> tokenId() {
        TokenId found = null;
        for (Caveat caveat : caveats) {
            if (caveat instanceof TokenId tokenId) {
                if (found != null) {
                    return Optional.empty();
                }
                found = tokenId;
            }
        }
        return Optional.ofNullable(found);
    }

    /**
     * Everything that stands in the way of {@code access}; it clears if the list is empty.
     *
     * <p>Every caveat must pass, repeated ones too. {@code aud}, {@code time <} and exactly one {@code jti} must be there:
     * that is what makes a token of a master, so a master that was carried off clears nothing as it is.
     */
    public List<Prohibition> clear(Access access) {
        List<Prohibition> prohibitions = new ArrayList<>();
        boolean audience = false;
        boolean expiry = false;
        for (Caveat caveat : caveats) {
            caveat.prohibits(access).ifPresent(prohibitions::add);
            audience |= caveat instanceof Audience;
            expiry |= caveat instanceof Expiry;
        }
        if (tokenId().isEmpty()) {
            prohibitions.add(new Prohibition("jti", "missing or repeated: a token has exactly one"));
        }
        if (!audience) {
            prohibitions.add(new Prohibition("aud", REQUIRED_TO_CLEAR));
        }
        if (!expiry) {
            prohibitions.add(new Prohibition("time <", REQUIRED_TO_CLEAR));
        }
        return List.copyOf(prohibitions);
    }
}
