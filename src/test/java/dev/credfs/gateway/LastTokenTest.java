package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Expiry;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import dev.credfs.macaroon.VerifiedMacaroon;
import dev.credfs.policy.RefusedException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class LastTokenTest {
    private static final KeyId ID = new KeyId("github");

    private final RootKey key = RootKey.generate(new SecureRandom());
    private final LastToken last = new LastToken();

    private static byte[] tokenOf(RootKey key) {
        return key.issue(ID, List.of())
                .attenuate(List.of(new Expiry(Instant.parse("2026-01-02T03:04:05Z"))))
                .revealText();
    }

    @Test
    void chainOfTheSameTokenIsCheckedOnce() throws Exception {
        byte[] text = tokenOf(key);
        VerifiedMacaroon verified = last.verify(text, Map.of(ID, key));
        assertThat(last.verify(text.clone(), Map.of(ID, key))).isSameAs(verified);
    }

    @Test
    void keyThatHasGoneOrIsAnotherIsNotTakenForTheOneThatItStoodOn() throws Exception {
        byte[] text = tokenOf(key);
        last.verify(text, Map.of(ID, key));
        assertThatThrownBy(() -> last.verify(text, Map.of()))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("key is not one of this gateway");
        RootKey other = RootKey.generate(new SecureRandom());
        assertThatThrownBy(() -> last.verify(text, Map.of(ID, other)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("signature is wrong");
    }

    @Test
    void anotherTokenIsCheckedAndARefusedOneIsNotRemembered() throws Exception {
        last.verify(tokenOf(key), Map.of(ID, key));
        byte[] forged = tokenOf(RootKey.generate(new SecureRandom()));
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> last.verify(forged, Map.of(ID, key)))
                    .isInstanceOf(RefusedException.class)
                    .hasMessageContaining("signature is wrong");
        }
        assertThatThrownBy(() -> last.verify("bad!".getBytes(StandardCharsets.US_ASCII), Map.of(ID, key)))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("malformed");
    }
}
