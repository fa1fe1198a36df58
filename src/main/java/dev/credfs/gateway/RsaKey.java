package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.interfaces.RSAKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.pkcs.RSAPrivateKey;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/** The private key of a GitHub App, which signs as RS256 (RFC 7518). */
final class RsaKey {
    private static final int MIN_BITS = 2048;
    private static final long BACKDATED_SECONDS = 60;
    private static final long LIFETIME_SECONDS = 9 * 60;

    private final PrivateKey key;

    private RsaKey(PrivateKey key) {
        this.key = key;
    }

    /**
     * Reads PEM as GitHub gives it (PKCS#1), PKCS#8, or what stands between its lines as one line.
     *
     * @throws IllegalArgumentException if it is none, or too short; the message quotes nothing of it
     */
    static RsaKey parse(SecretBytes pem) {
        PrivateKey key = key(pem);
        if (!(key instanceof RSAKey rsa) || rsa.getModulus().bitLength() < MIN_BITS) {
            throw new IllegalArgumentException("a key of RSA has at least " + MIN_BITS + " bits");
        }
        return new RsaKey(key);
    }

    private static PrivateKey key(SecretBytes pem) {
        byte[] text = pem.revealCopy();
        byte[] der = {};
        try {
            der = Base64.getDecoder().decode(body(text));
            return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(pkcs8(der)));
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw notAKey();
        } finally {
            Arrays.fill(text, (byte) 0);
            Arrays.fill(der, (byte) 0);
        }
    }

    private static byte[] body(byte[] text) {
        byte[] body = new byte[text.length];
        int length = 0;
        boolean armor = false;
        boolean lineStart = true;
        for (byte b : text) {
            if (lineStart) {
                armor = b == '-';
            }
            lineStart = b == '\n';
            boolean base64 = (b >= 'A' && b <= 'Z')
                    || (b >= 'a' && b <= 'z')
                    || (b >= '0' && b <= '9')
                    || b == '+'
                    || b == '/'
                    || b == '=';
            if (!armor && base64) {
                body[length++] = b;
            } else if (!armor && b != '\n' && b != '\r') {
                throw notAKey();
            }
        }
        byte[] exact = Arrays.copyOf(body, length);
        Arrays.fill(body, (byte) 0);
        return exact;
    }

    private static byte[] pkcs8(byte[] der) throws IOException {
        try {
            return PrivateKeyInfo.getInstance(der).getEncoded(ASN1Encoding.DER);
        } catch (IllegalArgumentException e) {
            AlgorithmIdentifier rsa = new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);
            return new PrivateKeyInfo(rsa, RSAPrivateKey.getInstance(der)).getEncoded(ASN1Encoding.DER);
        }
    }

    private static IllegalArgumentException notAKey() {
        return new IllegalArgumentException("not a private key of RSA in PEM");
    }

    /** A statement that {@code issuer} has this key: begun a minute ago, since clocks differ, and good for nine. */
    String statement(String issuer, Instant now) {
        long seconds = now.getEpochSecond();
        String signed = base64("{\"alg\":\"RS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.US_ASCII)) + "."
                + base64(("{\"iat\":" + (seconds - BACKDATED_SECONDS) + ",\"exp\":" + (seconds + LIFETIME_SECONDS)
                                + ",\"iss\":\"" + issuer + "\"}")
                        .getBytes(StandardCharsets.US_ASCII));
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key);
            signature.update(signed.getBytes(StandardCharsets.US_ASCII));
            return signed + "." + base64(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java signs with RSA", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
