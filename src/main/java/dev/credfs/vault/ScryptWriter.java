package dev.credfs.vault;

import com.exceptionfactory.jagged.FileKey;
import com.exceptionfactory.jagged.RecipientStanza;
import com.exceptionfactory.jagged.RecipientStanzaWriter;
import com.exceptionfactory.jagged.framework.crypto.FileKeyEncryptorFactory;
import dev.credfs.crypto.SecretBytes;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;

/** Encrypts age files with a passphrase. */
final class ScryptWriter implements RecipientStanzaWriter {
    private static final int WORK_FACTOR = ScryptKey.USUAL_WORK_FACTOR;

    private final SecretBytes passphrase;

    ScryptWriter(SecretBytes passphrase) {
        this.passphrase = passphrase;
    }

    /** One line of the header, and the wrapped key after it. */
    private record Stanza(List<String> arguments, byte[] body) implements RecipientStanza {
        @Override
        public String getType() {
            return ScryptKey.STANZA;
        }

        @Override
        public List<String> getArguments() {
            return arguments;
        }

        @Override
        public byte[] getBody() {
            return body.clone();
        }
    }

    @Override
    public Iterable<RecipientStanza> getRecipientStanzas(FileKey fileKey) throws GeneralSecurityException {
        byte[] salt = new byte[ScryptKey.SALT_BYTES];
        new SecureRandom().nextBytes(salt);
        byte[] wrapped = new FileKeyEncryptorFactory()
                .newFileKeyEncryptor()
                .getEncryptedFileKey(fileKey, ScryptKey.derive(passphrase, salt, WORK_FACTOR))
                .getEncoded();
        return List.of(new Stanza(
                List.of(Base64.getEncoder().withoutPadding().encodeToString(salt), Integer.toString(WORK_FACTOR)),
                wrapped));
    }
}
