package dev.credfs.vault;

import com.exceptionfactory.jagged.RecipientStanzaWriter;
import dev.credfs.crypto.Fingerprint;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.crypto.StrictBase64;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A vault as it lies on the disk: whole, and signed by its seal, with its sections still encrypted.
 */
public final class SealedVault {
    static final String MAGIC = "credfs-vault-1";
    private static final String ANY_MAGIC = "credfs-vault-";
    private static final String DIGEST = "digest ";
    private static final int DIGEST_CHARACTERS = 43;
    private static final String SIGNATURE = "signature ";
    private static final int SIGNATURE_CHARACTERS = 86;
    static final int MAX_BYTES = 1024 * 1024;

    private final String id;
    private final long generation;
    private final Instant written;
    private final String seal;
    private final List<Recipient> recipients;
    private final Map<Section, String> sections;

    private SealedVault(
            String id,
            long generation,
            Instant written,
            String seal,
            List<Recipient> recipients,
            Map<Section, String> sections) {
        this.id = id;
        this.generation = generation;
        this.written = written;
        this.seal = seal;
        this.recipients = recipients;
        this.sections = sections;
    }

    /**
     * Reads a vault's file.
     *
     * @throws VaultException if it is not there, open to others, or not what was written
     */
    public static SealedVault read(Path file) throws VaultException {
        try (SecretBytes content = Descriptor.readPrivate(file, "vault", MAX_BYTES, Descriptor.Readers.OWNER)) {
            return parse(content.revealCopy());
        } catch (Damage e) {
            throw new VaultException(
                    "vault " + file + ": " + e.getMessage() + ": restore it from " + file + ".1 or a backup");
        }
    }

    /** Bytes that are not those of a vault. */
    static final class Damage extends Exception {
        private static final long serialVersionUID = 1L;

        Damage(String message) {
            super(message);
        }
    }

    /** Reads what {@link #print} made, and nothing else: there is one spelling of each vault. */
    static SealedVault parse(byte[] bytes) throws Damage {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(MAGIC + "\n")) {
            boolean other = text.startsWith(ANY_MAGIC) && !text.startsWith(MAGIC);
            throw new Damage(
                    other ? "of another version of the format, or damaged in its first line" : "not a vault of credfs");
        }
        int signatureAt = text.length() - SIGNATURE.length() - SIGNATURE_CHARACTERS - 1;
        int digestAt = signatureAt - DIGEST.length() - DIGEST_CHARACTERS - 1;
        if (digestAt < 1
                || !text.startsWith("\n" + DIGEST, digestAt - 1)
                || !text.startsWith("\n" + SIGNATURE, signatureAt - 1)
                || !text.endsWith("\n")) {
            throw new Damage("cut off, or damaged in its last lines");
        }
        byte[] content = Arrays.copyOf(bytes, digestAt);
        if (!text.startsWith(digest(content) + "\n", digestAt + DIGEST.length())) {
            throw new Damage("damaged: its content is not what its digest says");
        }
        byte[] signed = Arrays.copyOf(bytes, signatureAt);
        String signature = text.substring(signatureAt + SIGNATURE.length(), text.length() - 1);
        Lines lines = new Lines(text.substring(0, digestAt));
        try {
            SealedVault vault = lines.vault();
            if (!Seal.verifies(vault.seal, signed, signature)) {
                throw new Damage("changed by somebody without the right to write: its signature does not match");
            }
            if (!Arrays.equals(vault.content(), content)) {
                throw new Damage("signed in a spelling that credfs does not write");
            }
            return vault;
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new Damage("not of the format in line " + lines.number);
        }
    }

    /** For whoever looks for damage with sha256sum and without a key; the signature is what an attacker cannot make. */
    private static String digest(byte[] content) {
        return new String(StrictBase64.encode(Fingerprint.sha256(content)), StandardCharsets.US_ASCII);
    }

    /** Goes through the lines of a file. */
    private static final class Lines {
        private final String text;
        private int at;
        private int number;

        Lines(String text) {
            this.text = text;
        }

        SealedVault vault() {
            next();
            String id = after("vault ");
            long generation = Long.parseLong(after("generation "));
            Instant written = Instant.parse(after("written "));
            String seal = after("seal ");
            List<Recipient> recipients = new ArrayList<>();
            while (text.startsWith("recipient ", at)) {
                recipients.add(recipient(after("recipient ")));
            }
            Map<Section, String> sections = new EnumMap<>(Section.class);
            for (Section section : Section.values()) {
                if (!after("section ").equals(section.word())) {
                    throw new IllegalArgumentException("not the section " + section.word());
                }
                int start = at;
                String line = next();
                while (!line.equals(Armor.END)) {
                    line = next();
                }
                sections.put(section, text.substring(start, at));
            }
            if (at != text.length() || !id.matches("[0-9a-f]{32}") || generation < 1 || recipients.isEmpty()) {
                throw new IllegalArgumentException("more or less than a vault");
            }
            return new SealedVault(id, generation, written, seal, List.copyOf(recipients), sections);
        }

        private String after(String start) {
            String line = next();
            if (!line.startsWith(start)) {
                throw new IllegalArgumentException("not '" + start + "'");
            }
            return line.substring(start.length());
        }

        private static Recipient recipient(String line) {
            for (Role role : Role.values()) {
                if (line.startsWith(role.word() + " ")) {
                    return new Recipient(role, line.substring(role.word().length() + 1));
                }
            }
            throw new IllegalArgumentException("no role");
        }

        private String next() {
            number++;
            int end = text.indexOf('\n', at);
            if (end < 0) {
                throw new IllegalArgumentException("no more lines");
            }
            String line = text.substring(at, end);
            at = end + 1;
            return line;
        }
    }

    private byte[] content() {
        StringBuilder text = new StringBuilder();
        text.append(MAGIC).append('\n');
        text.append("vault ").append(id).append('\n');
        text.append("generation ").append(generation).append('\n');
        text.append("written ").append(written).append('\n');
        text.append("seal ").append(seal).append('\n');
        for (Recipient recipient : recipients) {
            text.append("recipient ").append(recipient).append('\n');
        }
        for (Map.Entry<Section, String> section : sections.entrySet()) {
            text.append("section ").append(section.getKey().word()).append('\n').append(section.getValue());
        }
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** The file of a vault that whoever prints it has opened as an operator. */
    static byte[] print(Vault vault, long generation, Instant written) throws VaultException {
        Seal seal = vault.sealOrThrow();
        SectionText.Origin origin = new SectionText.Origin(vault.id(), generation);
        Map<Section, String> sections = new EnumMap<>(Section.class);
        for (Section section : Section.values()) {
            List<RecipientStanzaWriter> writers = new ArrayList<>();
            for (Recipient recipient : vault.recipients()) {
                if (section.isOpenTo(recipient.role())) {
                    writers.add(recipient.writer());
                }
            }
            SecretBytes plain = section == Section.SEAL
                    ? SectionText.printSeal(origin, seal.key())
                    : SectionText.print(section, origin, vault.entries(section));
            byte[] bytes = plain.revealCopy();
            try {
                sections.put(section, Armor.print(Age.encrypt(bytes, writers)));
            } finally {
                Arrays.fill(bytes, (byte) 0);
                plain.close();
            }
        }
        SealedVault sealed =
                new SealedVault(vault.id(), generation, written, seal.text(), vault.recipients(), sections);
        byte[] content = sealed.content();
        byte[] signed = append(content, DIGEST + digest(content) + "\n");
        byte[] file = append(signed, SIGNATURE + seal.sign(signed) + "\n");
        if (file.length > MAX_BYTES) {
            throw new VaultException("the vault would be larger than " + MAX_BYTES + " bytes");
        }
        return file;
    }

    private static byte[] append(byte[] bytes, String line) {
        byte[] end = line.getBytes(StandardCharsets.US_ASCII);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + end.length);
        System.arraycopy(end, 0, longer, bytes.length, end.length);
        return longer;
    }

    /** 32 hex digits that stay the same for the vault's whole life. */
    public String id() {
        return id;
    }

    /** How often it was written. */
    public long generation() {
        return generation;
    }

    public Instant written() {
        return written;
    }

    /** The public key of its seal, to be pinned in identity files. */
    public String seal() {
        return seal;
    }

    /** In the order of the file; the first is an operator. */
    public List<Recipient> recipients() {
        return recipients;
    }

    /**
     * Opens every section that the identity can open.
     *
     * @throws VaultException if it can open none, or the vault is not the one that the identity is for
     */
    public Vault open(Identity identity) throws VaultException {
        if (!identity.pinnedSeal().isEmpty() && !identity.pinnedSeal().equals(seal)) {
            throw new VaultException("it is sealed by another key than the identity was made for: somebody has put"
                    + " another vault in its place, or 'vault rekey' changed the seal: compare with its operator");
        }
        SectionText.Origin origin = new SectionText.Origin(id, generation);
        Map<Section, List<Entry>> opened = new EnumMap<>(Section.class);
        Optional<Seal> key = Optional.empty();
        for (Map.Entry<Section, String> section : sections.entrySet()) {
            Optional<SecretBytes> plain = Age.decrypt(binary(section), identity.readers());
            if (plain.isPresent()) {
                try (SecretBytes text = plain.get()) {
                    if (section.getKey() == Section.SEAL) {
                        key = Optional.of(new Seal(seal, SectionText.parseSeal(origin, text)));
                    } else {
                        opened.put(section.getKey(), SectionText.parse(section.getKey(), origin, text));
                    }
                }
            }
        }
        if (opened.isEmpty()) {
            throw new VaultException("the identity opens no section of it: it is not among the recipients");
        }
        return new Vault(id, generation, recipients, opened, key.orElse(null));
    }

    @Override
    public String toString() {
        return "SealedVault[" + id + ", generation " + generation + "]";
    }

    private static byte[] binary(Map.Entry<Section, String> section) throws VaultException {
        try {
            return Armor.parse(section.getValue());
        } catch (IllegalArgumentException e) {
            throw new VaultException("its section " + section.getKey().word() + " is damaged");
        }
    }
}
