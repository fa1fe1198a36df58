package dev.credfs.vault;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An opened vault: the entries of the sections that somebody's identity opens. Immutable; a change is another vault. */
public final class Vault {
    private static final int ID_BYTES = 16;

    private final String id;
    private final long generation;
    private final List<Recipient> recipients;
    private final Map<Section, List<Entry>> sections;
    private final @Nullable Seal seal;

    Vault(
            String id,
            long generation,
            List<Recipient> recipients,
            Map<Section, List<Entry>> sections,
            @Nullable Seal seal) {
        this.id = id;
        this.generation = generation;
        this.recipients = List.copyOf(recipients);
        this.sections = new EnumMap<>(sections);
        this.seal = seal;
    }

    /** A vault that nobody has a key to yet. */
    public static Vault empty(SecureRandom random) {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        Map<Section, List<Entry>> sections = new EnumMap<>(Section.class);
        for (Section section : Section.values()) {
            if (section != Section.SEAL) {
                sections.put(section, List.of());
            }
        }
        return new Vault(HexFormat.of().formatHex(id), 0, List.of(), sections, Seal.generate());
    }

    public String id() {
        return id;
    }

    /** Of the file that was opened; 0 if there was none. */
    public long generation() {
        return generation;
    }

    public List<Recipient> recipients() {
        return recipients;
    }

    public boolean opens(Section section) {
        return sections.containsKey(section);
    }

    /**
     * The entries of a section, in the order in which they came.
     *
     * @throws VaultException if it is not open
     */
    public List<Entry> entries(Section section) throws VaultException {
        List<Entry> entries = sections.get(section);
        if (entries == null) {
            throw new VaultException("this identity does not open " + section.word());
        }
        return entries;
    }

    /** The entry of that name, or empty. */
    public Optional<Entry> find(Section section, String name) throws VaultException {
        for (Entry entry : entries(section)) {
            if (entry.name().equals(name)) {
                return Optional.of(entry);
            }
        }
        return Optional.empty();
    }

    /** With an entry in the place of the one of its name, or at the end. */
    public Vault with(Section section, Entry entry) throws VaultException {
        List<Entry> changed = new ArrayList<>(entries(section));
        for (int i = 0; i < changed.size(); i++) {
            if (changed.get(i).name().equals(entry.name())) {
                changed.set(i, entry);
                return with(section, changed);
            }
        }
        changed.add(entry);
        return with(section, changed);
    }

    /** Without the entry of that name. */
    public Vault without(Section section, String name) throws VaultException {
        List<Entry> changed = new ArrayList<>(entries(section));
        changed.removeIf(entry -> entry.name().equals(name));
        return with(section, changed);
    }

    private Vault with(Section section, List<Entry> entries) {
        Map<Section, List<Entry>> changed = new EnumMap<>(sections);
        changed.put(section, List.copyOf(entries));
        return new Vault(id, generation, recipients, changed, seal);
    }

    /**
     * With other recipients.
     *
     * @throws VaultException if none of them is an operator, or one is there twice
     */
    public Vault withRecipients(List<Recipient> others) throws VaultException {
        if (others.stream().noneMatch(recipient -> recipient.role() == Role.OPERATOR)) {
            throw new VaultException("a vault without an operator could never be written again");
        }
        if (others.stream().map(Recipient::publicKey).distinct().count() != others.size()) {
            throw new VaultException("a public key stands for two recipients: each role needs a key of its own");
        }
        return new Vault(id, generation, others, sections, seal);
    }

    /** With another seal: who was an operator once has seen the old one. */
    public Vault withNewSeal() {
        return new Vault(id, generation, recipients, sections, Seal.generate());
    }

    /** A fresh identity that accepts this vault alone. */
    public Identity.Generated generateIdentity() throws VaultException {
        return Identity.generate(sealOrThrow().text());
    }

    Seal sealOrThrow() throws VaultException {
        Seal key = seal;
        if (key == null) {
            throw new VaultException("this identity cannot write: only operators can");
        }
        return key;
    }

    @Override
    public String toString() {
        return "Vault[" + id + ", generation " + generation + "]";
    }
}
