package dev.credfs.vault;

import com.exceptionfactory.jagged.RecipientStanzaReader;
import com.exceptionfactory.jagged.RecipientStanzaWriter;
import com.exceptionfactory.jagged.framework.stream.StandardDecryptingChannelFactory;
import com.exceptionfactory.jagged.framework.stream.StandardEncryptingChannelFactory;
import dev.credfs.crypto.SecretBytes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Files of the age format, https://age-encryption.org/v1, in its binary form. */
public final class Age {
    /** Bounds what a hostile file can make this process hold; a vault is a few kilobytes. */
    private static final int MAX_PLAIN_BYTES = 4 * 1024 * 1024;

    private Age() {}

    static byte[] encrypt(byte[] plain, List<RecipientStanzaWriter> recipients) {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (WritableByteChannel channel =
                new StandardEncryptingChannelFactory().newEncryptingChannel(Channels.newChannel(file), recipients)) {
            ByteBuffer bytes = ByteBuffer.wrap(plain);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("every Java platform has X25519 and ChaCha20-Poly1305", e);
        }
        return file.toByteArray();
    }

    /** The plaintext, or empty if none of the readers opens the file or its bytes are not those that were written. */
    static Optional<SecretBytes> decrypt(byte[] file, List<RecipientStanzaReader> readers) {
        byte[] plain = {};
        try (ReadableByteChannel channel = new StandardDecryptingChannelFactory()
                .newDecryptingChannel(Channels.newChannel(new ByteArrayInputStream(file)), List.copyOf(readers))) {
            ByteBuffer buffer = ByteBuffer.allocate(Math.min(file.length, MAX_PLAIN_BYTES) + 1);
            plain = buffer.array();
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                // Reads until the end; the plaintext is shorter than the file.
            }
            byte[] exact = Arrays.copyOf(plain, buffer.position());
            try {
                return Optional.of(SecretBytes.copyOf(exact));
            } finally {
                Arrays.fill(exact, (byte) 0);
            }
        } catch (GeneralSecurityException | IOException | RuntimeException e) {
            // The library has many words for a file that is not what somebody encrypted; none may quote what it read.
            return Optional.empty();
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    /** Whether the bytes begin as an age file does, binary or armored. */
    public static boolean isAge(byte[] file) {
        return Armor.isAge(file);
    }

    /**
     * Opens a file that {@code age} wrote.
     *
     * @throws VaultException if this passphrase does not
     */
    public static SecretBytes open(byte[] file, SecretBytes passphrase) throws VaultException {
        return open(file, List.of(new ScryptReader(passphrase)), "it was not encrypted with this passphrase");
    }

    /**
     * Opens a file that {@code age} wrote.
     *
     * @throws VaultException if this identity does not
     */
    public static SecretBytes open(byte[] file, Identity identity) throws VaultException {
        return open(file, identity.readers(), "it was not encrypted to this identity");
    }

    private static SecretBytes open(byte[] file, List<RecipientStanzaReader> readers, String otherwise)
            throws VaultException {
        try {
            return decrypt(Armor.lenient(file), readers)
                    .orElseThrow(() -> new VaultException(otherwise + ", or it is damaged"));
        } catch (IllegalArgumentException e) {
            throw new VaultException("damaged: " + e.getMessage());
        }
    }

    /** True where the file asks for a passphrase. */
    public static boolean asksForPassphrase(byte[] file) {
        try {
            byte[] binary = Armor.lenient(file);
            byte[] stanza = "age-encryption.org/v1\n-> scrypt ".getBytes(StandardCharsets.US_ASCII);
            return binary.length > stanza.length && Arrays.equals(stanza, 0, stanza.length, binary, 0, stanza.length);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Encrypts to public keys ({@code age1…}); armored text. */
    public static String seal(SecretBytes plain, List<String> publicKeys) {
        byte[] bytes = plain.revealCopy();
        try {
            return Armor.print(
                    encrypt(bytes, publicKeys.stream().map(Recipient::writer).toList()));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /** Encrypts with a passphrase, as {@code age -p -a} does; armored text. */
    public static String seal(SecretBytes plain, SecretBytes passphrase) {
        byte[] bytes = plain.revealCopy();
        try {
            return Armor.print(encrypt(bytes, List.of(new ScryptWriter(passphrase))));
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }
}
