package dev.credfs.macaroon;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.nitram509.jmacaroons.Macaroon;
import com.github.nitram509.jmacaroons.MacaroonsBuilder;
import com.github.nitram509.jmacaroons.MacaroonsSerializer;
import com.github.nitram509.jmacaroons.MacaroonsVerifier;
import com.github.nitram509.jmacaroons.NotDeSerializableException;
import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.crypto.StrictBase64;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Our chain beside jmacaroons, on random macaroons: both make the same bytes, both read and verify what the other made, and a
 * bit that is flipped is refused by ours wherever it is signed. {@code src/docs/decisions.md} says how to do a million.
 */
final class JmacaroonsTest {
    private static final int ROUNDS = Integer.getInteger("credfs.macaroons", 2_000);
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789 =<,/*:.-";

    private final SplittableRandom random = new SplittableRandom(Long.getLong("credfs.seed", 7L));

    private String text(int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
        }
        return text.toString();
    }

    private Caveat caveat() {
        return random.nextInt(4) == 0
                ? Caveat.read(("path = /" + "x".repeat(random.nextInt(300))).getBytes(StandardCharsets.US_ASCII))
                : Caveat.read(("aud = a" + random.nextInt()).getBytes(StandardCharsets.US_ASCII));
    }

    private static boolean jmacaroonsVerifies(byte[] text, byte[] key) {
        Macaroon macaroon;
        try {
            macaroon = MacaroonsSerializer.V2.deserialize(new String(text, StandardCharsets.US_ASCII));
        } catch (NotDeSerializableException e) {
            return false;
        }
        return new MacaroonsVerifier(macaroon).satisfyGeneral(predicate -> true).isValid(key);
    }

    private static boolean oursVerifies(byte[] text, RootKey key) {
        try {
            PresentedMacaroon.parse(text).verify(key);
            return true;
        } catch (MalformedMacaroonException | BadSignatureException e) {
            return false;
        }
    }

    @Test
    void bothMakeReadAndVerifyTheSameBytes() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            byte[] secret = new byte[32];
            random.nextBytes(secret);
            RootKey key = new RootKey(SecretBytes.copyOf(secret));
            String location = text(random.nextInt(40));
            MacaroonsBuilder theirs = Macaroon.builder(location, secret, "k" + text(random.nextInt(40)));
            List<String> predicates = new ArrayList<>();
            for (int i = random.nextInt(8); i > 0; i--) {
                predicates.add(text(random.nextInt(1, 300)));
                theirs.addCaveat(predicates.get(predicates.size() - 1));
            }
            List<Caveat> more = new ArrayList<>();
            byte[] before = MacaroonsSerializer.V2.serialize(theirs.build()).getBytes(StandardCharsets.US_ASCII);
            for (int i = random.nextInt(4); i >= 0; i--) {
                more.add(caveat());
                theirs.addCaveat(more.get(more.size() - 1).predicate());
            }
            more.add(Caveat.read("time < 2026-01-02T03:04:05Z".getBytes(StandardCharsets.US_ASCII)));
            theirs.addCaveat(more.get(more.size() - 1).predicate());
            byte[] after = MacaroonsSerializer.V2.serialize(theirs.build()).getBytes(StandardCharsets.US_ASCII);

            PresentedMacaroon ours = PresentedMacaroon.parse(before);
            assertThat(ours.unverifiedLocation()).isEqualTo(location);
            assertThat(ours.unverifiedCaveats()).extracting(Caveat::predicate).isEqualTo(predicates);
            assertThat(ours.revealText()).isEqualTo(before);
            assertThat(ours.attenuate(more).revealText()).as("round %d", round).isEqualTo(after);
            int common = random.nextInt(more.size());
            assertThat(MasterMacaroon.parse(before)
                            .narrowed(more.subList(0, common))
                            .attenuate(more.subList(common, more.size()))
                            .revealText())
                    .as("round %d, %d chained ahead", round, common)
                    .isEqualTo(after);
            assertThat(oursVerifies(after, key)).isTrue();
            assertThat(jmacaroonsVerifies(after, secret)).isTrue();

            byte[] flipped = StrictBase64.decode(after);
            int signedFrom = 3 + location.length();
            int bit = random.nextInt(8 * signedFrom, 8 * flipped.length);
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(oursVerifies(StrictBase64.encode(flipped), key))
                    .as("round %d, bit %d", round, bit)
                    .isFalse();
            secret[random.nextInt(32)] ^= (byte) (1 << random.nextInt(8));
            assertThat(oursVerifies(after, new RootKey(SecretBytes.copyOf(secret))))
                    .isFalse();
            assertThat(jmacaroonsVerifies(after, secret)).isFalse();
        }
    }

    /** Bytes that nobody made: whatever ours reads, jmacaroons reads, to the same verdict. */
    @Test
    void oursReadsNothingThatJmacaroonsDoesNot() {
        byte[] secret = new byte[32];
        RootKey key = new RootKey(SecretBytes.copyOf(secret));
        byte[] good = MacaroonsSerializer.V2
                .serialize(Macaroon.builder("l", secret, "id")
                        .addCaveat("a")
                        .addCaveat("b".repeat(130))
                        .build())
                .getBytes(StandardCharsets.US_ASCII);
        int read = 0;
        for (int round = 0; round < ROUNDS; round++) {
            byte[] binary = StrictBase64.decode(good);
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                binary[random.nextInt(binary.length)] = (byte) random.nextInt(256);
            }
            byte[] text = StrictBase64.encode(binary);
            try {
                PresentedMacaroon.parse(text);
            } catch (MalformedMacaroonException e) {
                continue;
            }
            read++;
            assertThat(MacaroonsSerializer.V2.serialize(
                            MacaroonsSerializer.V2.deserialize(new String(text, StandardCharsets.US_ASCII))))
                    .isEqualTo(new String(text, StandardCharsets.US_ASCII));
            assertThat(oursVerifies(text, key)).isEqualTo(jmacaroonsVerifies(text, secret));
        }
        assertThat(read).isGreaterThan(ROUNDS / 10);
    }
}
