package dev.credfs.vault;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** The text form of an age file, read as strictly as it is written: one spelling for each file. */
final class Armor {
    static final String BEGIN = "-----BEGIN AGE ENCRYPTED FILE-----";
    static final String END = "-----END AGE ENCRYPTED FILE-----";
    private static final int LINE_CHARACTERS = 64;

    private Armor() {}

    static String print(byte[] binary) {
        Base64.Encoder encoder = Base64.getMimeEncoder(LINE_CHARACTERS, new byte[] {'\n'});
        return BEGIN + "\n" + encoder.encodeToString(binary) + "\n" + END + "\n";
    }

    /**
     * The binary form.
     *
     * @throws IllegalArgumentException if the text is not what {@link #print} makes
     */
    static byte[] parse(String text) {
        int end = text.length() - END.length() - 2;
        if (text.startsWith(BEGIN + "\n") && text.endsWith("\n" + END + "\n") && end > BEGIN.length()) {
            byte[] binary = decode(text.substring(BEGIN.length() + 1, end));
            if (print(binary).equals(text)) {
                return binary;
            }
        }
        throw new IllegalArgumentException("not an armored age file");
    }

    /** Both forms of an age file as binary, with the blanks and line ends around armor that {@code age} lets pass. */
    static byte[] lenient(byte[] file) {
        String text = new String(file, StandardCharsets.ISO_8859_1).strip();
        if (!text.startsWith(BEGIN)) {
            return file.clone();
        }
        String lines = text.replace("\r\n", "\n");
        int end = lines.indexOf("\n" + END);
        if (end < BEGIN.length() + 1) {
            throw new IllegalArgumentException("an armored age file that has no end");
        }
        return decode(lines.substring(BEGIN.length() + 1, end));
    }

    static boolean isAge(byte[] file) {
        String start = new String(
                        Arrays.copyOf(file, Math.min(file.length, LINE_CHARACTERS)), StandardCharsets.US_ASCII)
                .stripLeading();
        return start.startsWith(BEGIN) || start.startsWith("age-encryption.org/v1\n");
    }

    private static byte[] decode(String lines) {
        return Base64.getDecoder().decode(lines.replace("\n", "").getBytes(StandardCharsets.US_ASCII));
    }
}
