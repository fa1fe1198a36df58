package dev.credfs.macaroon;

import dev.credfs.crypto.Sha256;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;

/**
 * A signature as it grows: each predicate is hashed under the signature before it, with HMAC-SHA256 (RFC 2104).
 *
 * <p>Not {@code javax.crypto.Mac}: a chain changes its key with each step, which {@code Mac} makes a key object, two copies and
 * a third of the time for (0.47 instead of 0.34 µs a step). Not thread-safe.
 */
final class HmacChain {
    /** Of a signature. */
    static final int BYTES = 32;

    private static final int BLOCK_BYTES = 64;
    private static final byte INNER_PAD = 0x36;
    private static final byte OUTER_PAD = 0x5c;
    /** Spelled this way in every library of the family; HMAC under it turns a root key of any length into one of 32 bytes. */
    private static final byte[] KEY_GENERATOR = "macaroons-key-generator".getBytes(StandardCharsets.US_ASCII);

    private final MessageDigest sha256 = Sha256.fresh();
    private final byte[] block = new byte[BLOCK_BYTES];
    private byte[] signature;

    /** Goes on from the signature of {@value #BYTES} bytes at {@code from}. */
    HmacChain(byte[] binary, int from) {
        this.signature = Arrays.copyOfRange(binary, from, from + BYTES);
    }

    /** Begins a chain: the signature of a macaroon without caveats. */
    static HmacChain start(byte[] rootKey, byte[] identifier) {
        HmacChain chain = new HmacChain(new byte[BYTES], 0);
        byte[] derived = chain.hmac(KEY_GENERATOR, rootKey);
        chain.signature = chain.hmac(derived, identifier);
        Arrays.fill(derived, (byte) 0);
        Arrays.fill(chain.block, (byte) 0);
        return chain;
    }

    void add(byte[] predicate) {
        signature = hmac(signature, predicate);
    }

    /** @param key at most a block, so that it is not hashed first */
    private byte[] hmac(byte[] key, byte[] message) {
        pad(key, INNER_PAD);
        sha256.update(block);
        byte[] inner = sha256.digest(message);
        pad(key, OUTER_PAD);
        sha256.update(block);
        return sha256.digest(inner);
    }

    private void pad(byte[] key, byte with) {
        Arrays.fill(block, with);
        for (int i = 0; i < key.length; i++) {
            block[i] ^= key[i];
        }
    }

    void copyTo(byte[] binary, int at) {
        System.arraycopy(signature, 0, binary, at, BYTES);
    }

    /** In a time that does not tell how much of it agrees. */
    boolean standsAt(byte[] binary, int from) {
        return MessageDigest.isEqual(signature, Arrays.copyOfRange(binary, from, from + BYTES));
    }
}
