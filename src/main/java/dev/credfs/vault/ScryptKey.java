package dev.credfs.vault;

import com.exceptionfactory.jagged.framework.crypto.CipherKey;
import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.bouncycastle.crypto.generators.SCrypt;

/**
 * The key that an age file of a passphrase is wrapped with, age-encryption.org/v1 "The scrypt recipient type": scrypt (RFC
 * 7914) of the passphrase, with N = 2^work factor, r = 8, p = 1 and the label before the salt.
 */
final class ScryptKey {
    static final String STANZA = "scrypt";
    static final int SALT_BYTES = 16;
    /**
     * What {@code age -p} writes: 256 MiB and about a second. More is not read: an attacker's file must not choose how much
     * memory this process takes.
     */
    static final int USUAL_WORK_FACTOR = 18;

    private static final byte[] LABEL = "age-encryption.org/v1/scrypt".getBytes(StandardCharsets.US_ASCII);
    private static final int BLOCK_SIZE = 8;
    private static final int KEY_BYTES = 32;

    private ScryptKey() {}

    static CipherKey derive(SecretBytes passphrase, byte[] salt, int workFactor) {
        byte[] labelled = Arrays.copyOf(LABEL, LABEL.length + SALT_BYTES);
        System.arraycopy(salt, 0, labelled, LABEL.length, SALT_BYTES);
        byte[] bytes = passphrase.revealCopy();
        try {
            // It keeps the array that it is given: overwriting that would leave a key of zeros.
            return new CipherKey(SCrypt.generate(bytes, labelled, 1 << workFactor, BLOCK_SIZE, 1, KEY_BYTES));
        } finally {
            Arrays.fill(bytes, (byte) 0);
            // A daemon would keep what this took for as long as it lives.
            System.gc();
        }
    }
}
