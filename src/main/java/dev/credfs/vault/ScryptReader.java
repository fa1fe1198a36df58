package dev.credfs.vault;

import com.exceptionfactory.jagged.FileKey;
import com.exceptionfactory.jagged.RecipientStanza;
import com.exceptionfactory.jagged.RecipientStanzaReader;
import com.exceptionfactory.jagged.UnsupportedRecipientStanzaException;
import com.exceptionfactory.jagged.framework.crypto.EncryptedFileKey;
import com.exceptionfactory.jagged.framework.crypto.FileKeyDecryptorFactory;
import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;

/** Opens age files of a passphrase. Such a file has one recipient: with another beside it anybody could replace the content. */
final class ScryptReader implements RecipientStanzaReader {
    private static final Pattern WORK_FACTOR = Pattern.compile("[1-9][0-9]?");
    private static final int WRAPPED_KEY_BYTES = 32;

    private final SecretBytes passphrase;

    ScryptReader(SecretBytes passphrase) {
        this.passphrase = passphrase;
    }

    @Override
    public FileKey getFileKey(Iterable<RecipientStanza> stanzas) throws GeneralSecurityException {
        List<RecipientStanza> all = new ArrayList<>();
        stanzas.forEach(all::add);
        if (all.size() != 1 || !all.get(0).getType().equals(ScryptKey.STANZA)) {
            throw new UnsupportedRecipientStanzaException("not encrypted with a passphrase");
        }
        RecipientStanza stanza = all.get(0);
        List<String> arguments = stanza.getArguments();
        if (arguments.size() != 2
                || !WORK_FACTOR.matcher(arguments.get(1)).matches()
                || stanza.getBody().length != WRAPPED_KEY_BYTES) {
            throw new UnsupportedRecipientStanzaException("not a scrypt stanza");
        }
        int workFactor = Integer.parseInt(arguments.get(1));
        byte[] salt = Base64.getDecoder().decode(arguments.get(0).getBytes(StandardCharsets.US_ASCII));
        if (workFactor > ScryptKey.USUAL_WORK_FACTOR || salt.length != ScryptKey.SALT_BYTES) {
            throw new UnsupportedRecipientStanzaException(
                    "a work factor above " + ScryptKey.USUAL_WORK_FACTOR + ", or no salt");
        }
        return new FileKeyDecryptorFactory()
                .newFileKeyDecryptor()
                .getFileKey(new EncryptedFileKey(stanza.getBody()), ScryptKey.derive(passphrase, salt, workFactor));
    }
}
