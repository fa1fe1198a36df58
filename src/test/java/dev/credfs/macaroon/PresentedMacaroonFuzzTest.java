package dev.credfs.macaroon;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.crypto.StrictBase64;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Bytes from the wire: refused with the one exception for it, or read into what is written again the same. */
final class PresentedMacaroonFuzzTest {
    @FuzzTest
    void text(byte[] text) throws Exception {
        read(text);
    }

    /** Behind base64, so that the fuzzer reaches the fields. */
    @FuzzTest
    void binary(byte[] binary) throws Exception {
        read(StrictBase64.encode(binary));
    }

    private static void read(byte[] text) throws Exception {
        PresentedMacaroon presented;
        try {
            presented = PresentedMacaroon.parse(text);
        } catch (MalformedMacaroonException e) {
            requireQuotesNothing(String.valueOf(e.getMessage()));
            return;
        }
        require(Arrays.equals(presented.revealText(), text), "one token is one byte string");
        List<Caveat> caveats = presented.unverifiedCaveats();
        require(caveats.size() <= 32, "at most 32 caveats");
        for (Caveat caveat : caveats) {
            require(caveat.predicate().length() <= Caveat.MAX_BYTES, "at most 1,024 bytes");
        }
        try (RootKey key = new RootKey(SecretBytes.copyOf(new byte[32]))) {
            presented.verify(key);
        } catch (BadSignatureException e) {
            return;
        }
        // the seeds are signed by this key, and a fuzzer cannot sign: what verifies is the chain of the reference
        byte[] signature = ReferenceMacaroon.signature(
                new byte[32],
                presented.unverifiedId().text(),
                caveats.stream().map(caveat -> latin1(caveat.predicate())).toList());
        byte[] binary = StrictBase64.decode(text);
        require(
                Arrays.equals(Arrays.copyOfRange(binary, binary.length - 32, binary.length), signature),
                "what verifies was signed");
    }

    private static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void requireQuotesNothing(String message) {
        require(message.matches("[a-zA-Z0-9 ,:;'=+/\\-_]+"), "a message of our own: " + message);
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
