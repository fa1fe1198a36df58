package dev.credfs.vault;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.crypto.StrictBase64;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;

/**
 * The Ed25519 key whose signature stands at the end of a vault. age says who can read and not who wrote: anybody who sees the
 * public keys can encrypt to them. The private half is in a section that only operators open.
 *
 * @param text the public key: base64url of 32 bytes
 * @param key the private key, PKCS #8
 */
record Seal(String text, SecretBytes key) {
    private static final String ALGORITHM = "Ed25519";
    private static final int PUBLIC_BYTES = 32;
    /** What X.509 puts before the 32 bytes, RFC 8410 §4. */
    private static final byte[] X509 = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

    static Seal generate() {
        try {
            KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
            byte[] x509 = pair.getPublic().getEncoded();
            byte[] raw = Arrays.copyOfRange(x509, x509.length - PUBLIC_BYTES, x509.length);
            byte[] pkcs8 = pair.getPrivate().getEncoded();
            try {
                return new Seal(ascii(StrictBase64.encode(raw)), SecretBytes.copyOf(pkcs8));
            } finally {
                Arrays.fill(pkcs8, (byte) 0);
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has Ed25519", e);
        }
    }

    /** The signature of some bytes: base64url of 64 bytes. */
    String sign(byte[] bytes) {
        byte[] pkcs8 = key.revealCopy();
        try {
            PrivateKey secret = KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(secret);
            signature.update(bytes);
            String made = ascii(StrictBase64.encode(signature.sign()));
            if (!verifies(text, bytes, made)) {
                throw new IllegalStateException("the private key of the seal is not that of its public key");
            }
            return made;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("not a key of Ed25519", e);
        } finally {
            Arrays.fill(pkcs8, (byte) 0);
        }
    }

    /** Whether {@code signature} is what {@link #sign} makes for these bytes with the private half of {@code seal}. */
    static boolean verifies(String seal, byte[] bytes, String signature) {
        try {
            byte[] raw = StrictBase64.decode(seal.getBytes(StandardCharsets.US_ASCII));
            if (raw.length != PUBLIC_BYTES) {
                return false;
            }
            byte[] x509 = Arrays.copyOf(X509, X509.length + PUBLIC_BYTES);
            System.arraycopy(raw, 0, x509, X509.length, PUBLIC_BYTES);
            Signature verifier = Signature.getInstance(ALGORITHM);
            verifier.initVerify(KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(x509)));
            verifier.update(bytes);
            return verifier.verify(StrictBase64.decode(signature.getBytes(StandardCharsets.US_ASCII)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            // Not a point of the curve, not a signature, not base64: all the same to whoever asks.
            return false;
        }
    }

    private static String ascii(byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    @Override
    public String toString() {
        return "Seal[" + text + "]";
    }
}
