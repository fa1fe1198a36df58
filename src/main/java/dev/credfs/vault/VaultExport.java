package dev.credfs.vault;

import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Entries on their way to another vault: the document {@code credfs/vault-export/v1}, which only ever leaves encrypted. */
public final class VaultExport {
    private static final byte[] BEGIN =
            ("{\"schema\":\"" + SectionText.EXPORT_SCHEMA + "\",").getBytes(StandardCharsets.US_ASCII);

    private VaultExport() {}

    /** An entry and where it belongs. */
    public record Item(Section section, Entry entry) {}

    public static SecretBytes print(List<Item> items) {
        return SectionText.printExport(items);
    }

    /** Whether a plaintext is such a document. */
    public static boolean isExport(SecretBytes text) {
        byte[] bytes = text.revealCopy();
        try {
            return bytes.length > BEGIN.length && Arrays.equals(bytes, 0, BEGIN.length, BEGIN, 0, BEGIN.length);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    public static List<Item> parse(SecretBytes text) throws VaultException {
        return SectionText.parseExport(text);
    }
}
