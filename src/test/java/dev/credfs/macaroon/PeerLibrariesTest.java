package dev.credfs.macaroon;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.crypto.StrictBase64;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our chain beside libmacaroons and pymacaroons, on random macaroons: they make the same bytes of ours with further caveats,
 * verify them, and verify neither a flipped bit nor with another key. {@code src/docs/decisions.md} says how to do a million.
 */
final class PeerLibrariesTest {
    private static final int ROUNDS = Integer.getInteger("credfs.macaroons", 500);
    private static final HexFormat HEX = HexFormat.of();

    private final SplittableRandom random = new SplittableRandom(Long.getLong("credfs.seed", 7L));

    private Caveat caveat() {
        String predicate = switch (random.nextInt(4)) {
            case 0 -> "path = /" + "x".repeat(random.nextInt(1, 900));
            case 1 -> "time < 2026-01-02T03:04:05Z";
            case 2 -> "host = *.a" + random.nextInt(1_000_000) + ".example.com";
            default -> "aud = a" + random.nextInt();
        };
        return Caveat.read(predicate.getBytes(StandardCharsets.US_ASCII));
    }

    private List<Caveat> caveats(int most) {
        List<Caveat> caveats = new ArrayList<>();
        for (int i = random.nextInt(1, most + 1); i > 0; i--) {
            caveats.add(caveat());
        }
        return caveats;
    }

    /** What {@code native-test/interop/compare.py} reads. */
    private String line() throws MalformedMacaroonException {
        byte[] secret = new byte[32];
        random.nextBytes(secret);
        RootKey key = new RootKey(SecretBytes.copyOf(secret));
        MasterMacaroon master = key.issue(new KeyId("k" + random.nextInt(1_000_000)), caveats(3));
        byte[] file = master.revealMasterFile();
        byte[] before = Arrays.copyOf(file, file.length - 1);
        List<Caveat> more = caveats(4);
        more.add(Caveat.read("time < 2026-01-02T03:04:05Z".getBytes(StandardCharsets.US_ASCII)));
        // as a mint does it: some for all tokens, the others for the one
        int common = random.nextInt(more.size());
        byte[] after = master.narrowed(more.subList(0, common))
                .attenuate(more.subList(common, more.size()))
                .revealText();
        byte[] flipped = StrictBase64.decode(after);
        // behind the version and the identifier's field and length, all of it is signed
        int bit = random.nextInt(8 * 3, 8 * flipped.length);
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        byte[] other = secret.clone();
        other[random.nextInt(32)] ^= (byte) (1 << random.nextInt(8));
        return String.join(
                " ",
                HEX.formatHex(secret),
                new String(before, StandardCharsets.US_ASCII),
                more.stream()
                        .map(caveat -> HEX.formatHex(caveat.predicate().getBytes(StandardCharsets.US_ASCII)))
                        .collect(Collectors.joining(",")),
                new String(after, StandardCharsets.US_ASCII),
                new String(StrictBase64.encode(flipped), StandardCharsets.US_ASCII),
                HEX.formatHex(other));
    }

    @ParameterizedTest
    @ValueSource(strings = {"libmacaroons", "pymacaroons"})
    void makesAndVerifiesTheSameMacaroons(String library) throws Exception {
        Process peer = new ProcessBuilder("/usr/bin/python3", "native-test/interop/with-" + library + ".py", "compare")
                .redirectErrorStream(true)
                .start();
        CompletableFuture<Void> feeder = CompletableFuture.runAsync(() -> feed(peer));
        String said = new String(peer.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(peer.waitFor()).as(said).isZero();
        feeder.join();
        assertThat(said.strip()).isEqualTo(Integer.toString(ROUNDS));
    }

    private void feed(Process peer) {
        try (BufferedWriter lines = peer.outputWriter(StandardCharsets.US_ASCII)) {
            for (int round = 0; round < ROUNDS; round++) {
                lines.write(line());
                lines.newLine();
            }
        } catch (MalformedMacaroonException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            // It ended at a line that it came out otherwise with, and says which.
            if (peer.isAlive()) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
