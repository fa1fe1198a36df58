package dev.credfs.vault;

import com.exceptionfactory.jagged.RecipientStanzaReader;
import com.exceptionfactory.jagged.x25519.X25519KeyPairGenerator;
import com.exceptionfactory.jagged.x25519.X25519RecipientStanzaReaderFactory;
import dev.credfs.crypto.SecretBytes;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What opens the sections of its role: the private keys of age in an identity file, as {@code age-keygen} writes one.
 *
 * <p>A comment {@code # credfs seal: …} in it names the seal of the one vault that it is for: a file that somebody else made,
 * for recipients whose public keys he saw, is then refused. Without it the seal of the file is believed.
 */
public final class Identity implements AutoCloseable {
    private static final String PRIVATE_KEY = "AGE-SECRET-KEY-1";
    private static final String PIN = "# credfs seal: ";
    /** Of an identity file, with room for comments and for being encrypted with a passphrase. */
    static final int MAX_BYTES = 16 * 1024;

    private final SecretBytes text;
    private final String pinnedSeal;
    private final List<RecipientStanzaReader> readers;

    private Identity(SecretBytes text, String pinnedSeal, List<RecipientStanzaReader> readers) {
        this.text = text;
        this.pinnedSeal = pinnedSeal;
        this.readers = readers;
    }

    /** A fresh identity and its public key. */
    public record Generated(Identity identity, String publicKey) {}

    /** Makes an identity for the vault that has this seal. */
    static Generated generate(String seal) {
        try {
            KeyPair pair = new X25519KeyPairGenerator().generateKeyPair();
            String publicKey = new String(pair.getPublic().getEncoded(), StandardCharsets.US_ASCII);
            byte[] privateKey = pair.getPrivate().getEncoded();
            ByteArrayOutputStream file = new ByteArrayOutputStream();
            file.writeBytes(
                    ("# public key: " + publicKey + "\n" + PIN + seal + "\n").getBytes(StandardCharsets.US_ASCII));
            file.writeBytes(privateKey);
            file.write('\n');
            Arrays.fill(privateKey, (byte) 0);
            byte[] bytes = file.toByteArray();
            try (SecretBytes content = SecretBytes.copyOf(bytes)) {
                return new Generated(parse(content), publicKey);
            } finally {
                Arrays.fill(bytes, (byte) 0);
            }
        } catch (GeneralSecurityException | VaultException e) {
            throw new IllegalStateException("every Java platform has X25519", e);
        }
    }

    /**
     * Reads the content of an identity file.
     *
     * @throws VaultException if it is none; the message quotes nothing of it
     */
    public static Identity parse(SecretBytes file) throws VaultException {
        byte[] bytes = file.revealCopy();
        CharBuffer content = StandardCharsets.ISO_8859_1.decode(ByteBuffer.wrap(bytes));
        Arrays.fill(bytes, (byte) 0);
        List<RecipientStanzaReader> readers = new ArrayList<>();
        String seal = "";
        try {
            int start = 0;
            while (start < content.length()) {
                int end = start;
                while (end < content.length() && content.get(end) != '\n') {
                    end++;
                }
                CharSequence line =
                        content.subSequence(start, end > start && content.get(end - 1) == '\r' ? end - 1 : end);
                start = end + 1;
                if (startsWith(line, PIN)) {
                    seal = line.subSequence(PIN.length(), line.length()).toString();
                } else if (startsWith(line, PRIVATE_KEY)) {
                    readers.add(X25519RecipientStanzaReaderFactory.newRecipientStanzaReader(line));
                } else if (line.length() > 0 && line.charAt(0) != '#') {
                    throw new VaultException("not an identity: a line is neither a comment nor a key that begins with '"
                            + PRIVATE_KEY + "'");
                }
            }
        } catch (GeneralSecurityException | RuntimeException e) {
            throw new VaultException("not an identity: its key is damaged");
        } finally {
            Arrays.fill(content.array(), '\0');
        }
        if (readers.isEmpty()) {
            throw new VaultException("not an identity: it has no key that begins with '" + PRIVATE_KEY + "'");
        }
        byte[] copy = file.revealCopy();
        try {
            return new Identity(SecretBytes.copyOf(copy), seal, List.copyOf(readers));
        } finally {
            Arrays.fill(copy, (byte) 0);
        }
    }

    private static boolean startsWith(CharSequence line, String start) {
        return line.length() >= start.length() && CharSequence.compare(line.subSequence(0, start.length()), start) == 0;
    }

    /**
     * The content of an identity file of mode 0600, which may be encrypted with a passphrase.
     *
     * @throws VaultException if it is not there or open to others
     */
    public static SecretBytes readFile(Path file) throws VaultException {
        return Descriptor.readPrivate(file, "identity", MAX_BYTES, Descriptor.Readers.OWNER);
    }

    /**
     * The content of a credential that systemd passed to this service.
     *
     * @param directory {@code $CREDENTIALS_DIRECTORY}, which systemd opens to the service alone
     * @throws VaultException if it is not there or open to others
     */
    public static SecretBytes readSystemdCredential(Path directory, String name) throws VaultException {
        return Descriptor.readPrivate(
                directory.resolve(name), "systemd credential", MAX_BYTES, Descriptor.Readers.OWNER_AND_GROUP);
    }

    /** The seal that the vault must have, or an empty text. */
    String pinnedSeal() {
        return pinnedSeal;
    }

    List<RecipientStanzaReader> readers() {
        return readers;
    }

    /** The file's content, for a file of mode 0600 or the kernel's keyring; to be overwritten after use. */
    public byte[] revealCopy() {
        return text.revealCopy();
    }

    @Override
    public void close() {
        text.close();
    }

    @Override
    public String toString() {
        return "Identity[" + readers.size() + "]";
    }
}
