package dev.credfs.vault;

import com.exceptionfactory.jagged.RecipientStanzaWriter;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaWriterFactory;
import java.security.GeneralSecurityException;

/**
 * Somebody to whom sections are encrypted.
 *
 * @param publicKey of an age identity: {@code age1…}
 */
public record Recipient(Role role, String publicKey) {
    private static final String BEGIN = "age1";

    public Recipient {
        writer(publicKey);
    }

    RecipientStanzaWriter writer() {
        return writer(publicKey);
    }

    /**
     * What encrypts to a public key.
     *
     * @throws IllegalArgumentException if it is none
     */
    static RecipientStanzaWriter writer(String publicKey) {
        try {
            // jagged takes capitals too; a key has one spelling here
            if (publicKey.startsWith(BEGIN) && publicKey.chars().noneMatch(Character::isUpperCase)) {
                return X25519RecipientStanzaWriterFactory.newRecipientStanzaWriter(publicKey);
            }
        } catch (GeneralSecurityException | RuntimeException e) {
            // Said below, without quoting: somebody may have pasted a private key.
        }
        throw new IllegalArgumentException("not a public key of age: it begins with 'age1', as age-keygen prints it");
    }

    @Override
    public String toString() {
        return role.word() + " " + publicKey;
    }
}
