package dev.credfs.crypto;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The text of a key file: one line, {@code credfs-root-key-1:} and 43 characters of base64url for 32 bytes.
 */
public final class KeyFile {
    /** What the line begins with; the digit is the version of the format. */
    public static final String PREFIX = "credfs-root-key-1:";

    /** The length of every root key: that of an HMAC-SHA256 key without padding or hashing. */
    public static final int KEY_BYTES = 32;

    private static final byte[] PREFIX_BYTES = PREFIX.getBytes(StandardCharsets.US_ASCII);

    private KeyFile() {}

    /**
     * The file's content, with its final newline.
     *
     * @throws IllegalArgumentException if {@code key} has not {@value #KEY_BYTES} bytes
     */
    public static byte[] print(SecretBytes key) {
        if (key.lengthBytes() != KEY_BYTES) {
            throw new IllegalArgumentException(
                    "a root key has " + KEY_BYTES + " bytes, this one has " + key.lengthBytes());
        }
        byte[] bytes = key.revealCopy();
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            out.writeBytes(PREFIX_BYTES);
            out.writeBytes(StrictBase64.encode(bytes));
            out.write('\n');
            return out.toByteArray();
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    /**
     * Reads the content of a key file.
     *
     * @param content the whole file; one final newline may be missing
     * @throws IllegalArgumentException if it is anything else; the message quotes nothing of it
     */
    public static SecretBytes parse(byte[] content) {
        int end = content.length > 0 && content[content.length - 1] == '\n' ? content.length - 1 : content.length;
        int start = PREFIX_BYTES.length;
        if (end < start || !Arrays.equals(content, 0, start, PREFIX_BYTES, 0, start)) {
            throw new IllegalArgumentException("not a root key: it must begin with '" + PREFIX + "'");
        }
        byte[] key = StrictBase64.decode(Arrays.copyOfRange(content, start, end));
        try {
            if (key.length != KEY_BYTES) {
                throw new IllegalArgumentException(
                        "a root key has " + KEY_BYTES + " bytes, this one has " + key.length);
            }
            return SecretBytes.copyOf(key);
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }
}
