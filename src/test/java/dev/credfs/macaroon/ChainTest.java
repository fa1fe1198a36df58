package dev.credfs.macaroon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.caveat.Expiry;
import dev.credfs.caveat.HostCaveat;
import dev.credfs.caveat.MaxCalls;
import dev.credfs.caveat.MethodCaveat;
import dev.credfs.caveat.Pad;
import dev.credfs.caveat.PathCaveat;
import dev.credfs.caveat.TokenId;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.crypto.StrictBase64;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class ChainTest {
    private static final KeyId ID = new KeyId("github-1");
    private static final Expiry EXPIRY = new Expiry(Instant.parse("2026-01-02T03:04:05Z"));
    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static RootKey key(int seed) {
        byte[] bytes = new byte[32];
        new SplittableRandom(seed).nextBytes(bytes);
        return new RootKey(SecretBytes.copyOf(bytes));
    }

    private static Token token(RootKey key) {
        return key.issue(ID, List.of(new Audience("gateway.local"))).attenuate(List.of(EXPIRY));
    }

    /** Whether the text decodes and its chain starts from the key. */
    private static boolean verifies(byte[] text, RootKey key) {
        try {
            PresentedMacaroon.parse(text).verify(key);
            return true;
        } catch (MalformedMacaroonException | BadSignatureException e) {
            return false;
        }
    }

    @Test
    void every_single_bit_flip_of_a_token_is_rejected() {
        RootKey key = key(1);
        byte[] binary = StrictBase64.decode(token(key).revealText());
        assertThat(verifies(StrictBase64.encode(binary), key)).isTrue();
        for (int bit = 0; bit < binary.length * 8; bit++) {
            byte[] flipped = binary.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertThat(verifies(StrictBase64.encode(flipped), key))
                    .as("bit %d", bit)
                    .isFalse();
        }
    }

    @Test
    void every_single_byte_change_of_the_text_is_rejected() {
        RootKey key = key(2);
        byte[] text = token(key).revealText();
        for (int at = 0; at < text.length; at++) {
            for (int value = 0; value < 256; value++) {
                byte[] changed = text.clone();
                changed[at] = (byte) value;
                assertThat(verifies(changed, key)).as("byte %d = %d", at, value).isEqualTo((byte) value == text[at]);
            }
        }
    }

    @Test
    void every_single_byte_put_in_or_left_out_is_rejected() {
        RootKey key = key(3);
        byte[] text = token(key).revealText();
        for (int at = 0; at <= text.length; at++) {
            for (byte inserted : (ALPHABET + "=\n\r\t +/.\0").getBytes(StandardCharsets.US_ASCII)) {
                byte[] longer = new byte[text.length + 1];
                System.arraycopy(text, 0, longer, 0, at);
                longer[at] = inserted;
                System.arraycopy(text, at, longer, at + 1, text.length - at);
                assertThat(verifies(longer, key))
                        .as("%d put in at %d", inserted, at)
                        .isFalse();
            }
            byte[] cut = Arrays.copyOf(text, at);
            assertThat(verifies(cut, key)).as("cut to %d", at).isEqualTo(at == text.length);
        }
    }

    @Test
    void every_order_but_its_own_is_rejected() throws Exception {
        RootKey key = key(4);
        List<byte[]> caveats = new ArrayList<>();
        for (Caveat caveat : randomCaveats(new SplittableRandom(4), 5)) {
            caveats.add(ReferenceMacaroon.ascii(caveat.predicate()));
        }
        byte[] signature = ReferenceMacaroon.signature(bytesOf(key), ID.text(), caveats);
        List<byte[]> shuffled = new ArrayList<>(caveats);
        int same = 0;
        for (int first = 0; first < caveats.size(); first++) {
            for (int second = 0; second < caveats.size(); second++) {
                Collections.swap(shuffled, first, second);
                boolean ownOrder = first == second;
                assertThat(verifies(StrictBase64.encode(ReferenceMacaroon.binary(ID.text(), shuffled, signature)), key))
                        .isEqualTo(ownOrder);
                same += ownOrder ? 1 : 0;
                Collections.swap(shuffled, first, second);
            }
        }
        assertThat(same).isEqualTo(caveats.size());
    }

    /** Issued and attenuated through our types, against the ten lines of HMAC: the same bytes. */
    @Test
    void the_chain_is_the_one_of_the_reference() throws Exception {
        SplittableRandom random = new SplittableRandom(5);
        for (int round = 0; round < 500; round++) {
            RootKey key = key(random.nextInt());
            KeyId id = new KeyId("k" + random.nextInt(1_000_000));
            List<Caveat> ofMaster = randomCaveats(random, random.nextInt(8));
            List<Caveat> ofToken = new ArrayList<>(randomCaveats(random, random.nextInt(8)));
            ofToken.add(EXPIRY);
            List<byte[]> predicates = new ArrayList<>();
            for (Caveat caveat : ofMaster) {
                predicates.add(ReferenceMacaroon.ascii(caveat.predicate()));
            }
            byte[] master = reference(key, id, predicates);
            for (Caveat caveat : ofToken) {
                predicates.add(ReferenceMacaroon.ascii(caveat.predicate()));
            }
            byte[] expected = reference(key, id, predicates);

            MasterMacaroon issued = key.issue(id, ofMaster);
            assertThat(issued.revealMasterFile()).isEqualTo(withNewline(master));
            assertThat(issued.attenuate(ofToken).revealText()).isEqualTo(expected);
            assertThat(PresentedMacaroon.parse(master).attenuate(ofToken).revealText())
                    .isEqualTo(expected);
            List<Caveat> all = new ArrayList<>(ofMaster);
            all.addAll(ofToken);
            assertThat(PresentedMacaroon.parse(expected).verify(key).caveats()).isEqualTo(all);
            assertThat(verifies(expected, key(random.nextInt()))).isFalse();
        }
    }

    private static byte[] reference(RootKey key, KeyId id, List<byte[]> predicates) {
        byte[] signature = ReferenceMacaroon.signature(bytesOf(key), id.text(), predicates);
        return StrictBase64.encode(ReferenceMacaroon.binary(id.text(), predicates, signature));
    }

    private static byte[] bytesOf(RootKey key) {
        String line = new String(key.revealKeyFile(), StandardCharsets.US_ASCII);
        return StrictBase64.decode(ReferenceMacaroon.ascii(
                line.substring("credfs-root-key-1:".length()).trim()));
    }

    private static byte[] withNewline(byte[] text) {
        byte[] line = Arrays.copyOf(text, text.length + 1);
        line[text.length] = '\n';
        return line;
    }

    private static List<Caveat> randomCaveats(SplittableRandom random, int count) throws CaveatSyntaxException {
        List<Caveat> caveats = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            caveats.add(
                    switch (random.nextInt(8)) {
                        case 0 -> new Audience("a".repeat(random.nextInt(1, 200)));
                        case 1 -> HostCaveat.parseValue("*.h" + random.nextInt(1000) + ".test,b.test");
                        case 2 -> MethodCaveat.parseValue("GET,HEAD");
                        case 3 -> PathCaveat.parseValue("/repos/p" + random.nextInt(1000) + "/** /user");
                        case 4 ->
                            new ContainerCaveat(HexFormat.of()
                                    .toHexDigits(random.nextLong())
                                    .repeat(4));
                        case 5 -> new MaxCalls(random.nextInt(1, 1_000_000));
                        case 6 -> TokenId.fresh(EXPIRY.end(), random);
                        default -> new Pad(random.nextInt(1, 400));
                    });
        }
        return caveats;
    }

    @Test
    void what_is_too_long_is_not_made() {
        RootKey key = key(6);
        MasterMacaroon master = key.issue(ID, Collections.nCopies(31, new Pad(1)));
        assertThat(verifies(master.attenuate(List.of(EXPIRY)).revealText(), key))
                .isTrue();
        assertThatThrownBy(() -> master.attenuate(List.of(new Pad(1), EXPIRY)))
                .hasMessage("a macaroon has at most 32 caveats");
        MasterMacaroon broad = key.issue(ID, Collections.nCopies(5, new Pad(1018)));
        assertThatThrownBy(() -> broad.attenuate(List.of(new Pad(1018), EXPIRY)))
                .hasMessage("a macaroon has at most 8192 bytes");
    }

    @Test
    void a_token_always_expires() throws CaveatSyntaxException {
        MasterMacaroon master = key(7).issue(ID, List.of(EXPIRY));
        assertThatThrownBy(() -> master.attenuate(List.of())).hasMessageContaining("a token always expires");
        List<Caveat> legacy = List.of(Caveat.parse("time-before 2026-01-02T03:04:05Z"));
        assertThatThrownBy(() -> master.attenuate(legacy)).hasMessageContaining("a token always expires");
        List<Caveat> start = List.of(Caveat.parse("time > 2026-01-02T03:04:05Z"));
        assertThatThrownBy(() -> master.attenuate(start)).hasMessageContaining("a token always expires");
    }

    @Test
    void what_is_not_understood_cannot_be_added() throws Exception {
        PresentedMacaroon presented = PresentedMacaroon.parse(token(key(8)).revealText());
        Caveat unknown = Caveat.read("account = \u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> presented.attenuate(List.of(unknown)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("only a caveat of the language can be added: account = \\u00e9\\u000a");
    }

    @Test
    void attenuating_leaves_the_original_as_it_was() {
        RootKey key = key(9);
        MasterMacaroon master = key.issue(ID, List.of());
        byte[] before = master.revealMasterFile();
        byte[] first = master.attenuate(List.of(EXPIRY)).revealText();
        byte[] second = master.attenuate(List.of(new Pad(3), EXPIRY)).revealText();

        assertThat(master.revealMasterFile()).isEqualTo(before);
        assertThat(first).isNotEqualTo(second);
        assertThat(verifies(first, key)).isTrue();
        assertThat(verifies(second, key)).isTrue();
    }

    @Test
    void a_master_ends_with_the_earliest_of_its_expiries() throws CaveatSyntaxException {
        RootKey key = key(10);
        assertThat(key.issue(ID, List.of()).expiry()).isEqualTo(Instant.MAX);
        List<Caveat> several = List.of(
                Caveat.parse("time < 2026-03-01T00:00:00Z"),
                Caveat.parse("time-before 2026-02-01T00:00:00.5Z"),
                Caveat.parse("time < 2026-04-01T00:00:00Z"));
        assertThat(key.issue(ID, several).expiry()).isEqualTo(Instant.parse("2026-02-01T00:00:00.5Z"));
    }

    @Test
    void no_text_of_a_type_holds_a_token_or_a_key() throws Exception {
        RootKey key = key(11);
        Token token = token(key);
        PresentedMacaroon presented = PresentedMacaroon.parse(token.revealText());
        String text = new String(token.revealText(), StandardCharsets.US_ASCII);
        for (Object object : List.of(key, token, presented, key.issue(ID, List.of()), presented.verify(key))) {
            assertThat(object.toString()).hasSizeLessThan(80).doesNotContain(text.substring(0, 8));
        }
        assertThat(token).hasToString("Token[" + token.fingerprint() + "]");
        assertThat(token.fingerprint()).matches("[0-9a-f]{16}");
    }

    @Test
    void a_closed_key_neither_issues_nor_verifies() throws Exception {
        RootKey key = RootKey.generate(new SecureRandom());
        PresentedMacaroon presented = PresentedMacaroon.parse(token(key).revealText());
        key.close();
        assertThatThrownBy(() -> key.issue(ID, List.of())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> presented.verify(key)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_key_id_is_1_to_256_characters_of_printable_ascii() {
        assertThat(new KeyId("k".repeat(256))).hasToString("k".repeat(256));
        for (String wrong : List.of("", "k".repeat(257), "a\nb", "a\u0000", "\u00e9", "a\u007f")) {
            assertThatThrownBy(() -> new KeyId(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
