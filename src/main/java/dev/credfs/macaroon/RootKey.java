package dev.credfs.macaroon;

import com.github.nitram509.jmacaroons.Macaroon;
import com.github.nitram509.jmacaroons.MacaroonsSerializer;
import dev.credfs.caveat.Caveat;
import dev.credfs.crypto.Fingerprint;
import dev.credfs.crypto.KeyFile;
import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;

/**
 * The secret that a chain starts from: 32 bytes that make and verify every macaroon of one key id. It belongs to the gateway
 * and to whoever issues; the mounting process never names one.
 */
public final class RootKey implements AutoCloseable {
    /** A hint of no use to us: an empty location is the shortest that every library of the family reads. */
    private static final String NO_LOCATION = "";

    private final SecretBytes secret;

    /** Other libraries' keys have other lengths; those that are issued and read here have 32 bytes. */
    RootKey(SecretBytes secret) {
        this.secret = secret;
    }

    public static RootKey generate(SecureRandom random) {
        return new RootKey(SecretBytes.random(KeyFile.KEY_BYTES, random));
    }

    /**
     * Reads the content of a key file.
     *
     * @throws IllegalArgumentException if it is not one; the message quotes nothing of it
     */
    public static RootKey parse(byte[] keyFile) {
        return new RootKey(KeyFile.parse(keyFile));
    }

    /** The content of a key file for this key, for a file of mode 0600. */
    public byte[] revealKeyFile() {
        return KeyFile.print(secret);
    }

    /**
     * A new master.
     *
     * @param id names this key to those who verify
     * @param caveats what every token of this master will be restricted by; may be empty
     */
    public MasterMacaroon issue(KeyId id, List<Caveat> caveats) {
        byte[] key = secret.revealCopy();
        try {
            // A macaroon is begun by the library that others read them with; from there on its bytes are our own
            // affair.
            String text = MacaroonsSerializer.V2.serialize(Macaroon.create(NO_LOCATION, key, id.text()));
            return new MasterMacaroon(
                    Chain.parse(text.getBytes(StandardCharsets.US_ASCII)).add(caveats));
        } catch (MalformedMacaroonException e) {
            throw new IllegalStateException("what jmacaroons writes is read", e);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    boolean starts(Chain chain) {
        byte[] key = secret.revealCopy();
        try {
            return chain.startsFrom(key);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    public Fingerprint fingerprint() {
        return secret.fingerprint();
    }

    @Override
    public void close() {
        secret.close();
    }

    @Override
    public String toString() {
        return "RootKey[" + fingerprint() + "]";
    }
}
