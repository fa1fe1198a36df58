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
    private static final byte[] KEY_GENERATOR =
            Arrays.copyOf("macaroons-key-generator".getBytes(StandardCharsets.US_ASCII), BYTES);

    private final MessageDigest sha256 = Sha256.fresh();
    /** A key of {@value #BYTES} bytes under each pad, and the pad up to the end of the block. */
    private final byte[] inner = filled(INNER_PAD);

    private final byte[] outer = filled(OUTER_PAD);
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
        chain.setKey(new byte[BYTES]);
        return chain;
    }

    void add(byte[] predicate) {
        signature = hmac(signature, predicate);
    }

    /** @param key of {@value #BYTES} bytes: HMAC fills a shorter one up with zeros */
    private byte[] hmac(byte[] key, byte[] message) {
        setKey(key);
        sha256.update(inner);
        byte[] hash = sha256.digest(message);
        sha256.update(outer);
        return sha256.digest(hash);
    }

    private void setKey(byte[] key) {
        for (int i = 0; i < BYTES; i++) {
            inner[i] = (byte) (key[i] ^ INNER_PAD);
            outer[i] = (byte) (key[i] ^ OUTER_PAD);
        }
    }

    private static byte[] filled(byte pad) {
        byte[] block = new byte[BLOCK_BYTES];
        Arrays.fill(block, pad);
        return block;
    }

    void copyTo(byte[] binary, int at) {
        System.arraycopy(signature, 0, binary, at, BYTES);
    }

    /** In a time that does not tell how much of it agrees. */
    boolean standsAt(byte[] binary, int from) {
        return MessageDigest.isEqual(signature, Arrays.copyOfRange(binary, from, from + BYTES));
    }
}
