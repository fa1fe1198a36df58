package dev.credfs.gateway;

import dev.credfs.macaroon.BadSignatureException;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.MalformedMacaroonException;
import dev.credfs.macaroon.PresentedMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.macaroon.VerifiedMacaroon;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.security.MessageDigest;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The token that a connection showed last: shown again, its chain is not computed again. That is all that is remembered;
 * caveats, revocations and calls are asked about at each request. Of one event loop.
 */
final class LastToken {
    private byte[] text = new byte[0];
    private @Nullable RootKey key;
    private @Nullable VerifiedMacaroon verified;

    /**
     * Checks the chain of the token.
     *
     * @param presented ASCII, not empty
     * @param keys those that are honoured now
     */
    VerifiedMacaroon verify(byte[] presented, Map<KeyId, RootKey> keys) throws RefusedException {
        VerifiedMacaroon known = verified;
        if (known != null && MessageDigest.isEqual(text, presented) && keys.get(known.id()) == key) {
            return known;
        }
        try {
            PresentedMacaroon macaroon = PresentedMacaroon.parse(presented);
            RootKey its = keys.get(macaroon.unverifiedId());
            if (its == null) {
                throw new RefusedException(Failure.TOKEN_REJECTED, "the token's key is not one of this gateway");
            }
            known = macaroon.verify(its);
            text = presented;
            key = its;
            verified = known;
            return known;
        } catch (MalformedMacaroonException e) {
            throw new RefusedException(Failure.TOKEN_MALFORMED, "the token is malformed: " + e.getMessage());
        } catch (BadSignatureException e) {
            throw new RefusedException(Failure.TOKEN_REJECTED, "the token's signature is wrong");
        }
    }
}
