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
        return tokenId(caveats);
    }

    private static Optional<TokenId> tokenId(List<Caveat> caveats) {
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
     * Everything that stands in the way of {@code access}; it clears if the list is empty. Every caveat must pass, repeated
     * ones too, and none may be {@linkplain #missingToClear missing}.
     */
    public List<Prohibition> clear(Access access) {
        List<Prohibition> prohibitions = new ArrayList<>();
        for (Caveat caveat : caveats) {
            caveat.prohibits(access).ifPresent(prohibitions::add);
        }
        prohibitions.addAll(missingToClear());
        return List.copyOf(prohibitions);
    }

    /** What this macaroon lacks to clear anything. */
    public List<Prohibition> missingToClear() {
        return missingToClear(caveats);
    }

    /**
     * What a macaroon with these caveats lacks to clear anything: {@code aud}, {@code time <} and exactly one {@code jti}
     * make a token of a master, so that a master which was carried off clears nothing as it is.
     */
    public static List<Prohibition> missingToClear(List<Caveat> caveats) {
        List<Prohibition> missing = new ArrayList<>();
        if (tokenId(caveats).isEmpty()) {
            missing.add(new Prohibition("jti", "missing or repeated: a token has exactly one"));
        }
        if (caveats.stream().noneMatch(Audience.class::isInstance)) {
            missing.add(new Prohibition("aud", REQUIRED_TO_CLEAR));
        }
        if (caveats.stream().noneMatch(Expiry.class::isInstance)) {
            missing.add(new Prohibition("time <", REQUIRED_TO_CLEAR));
        }
        return List.copyOf(missing);
    }
}
