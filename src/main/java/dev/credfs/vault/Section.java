package dev.credfs.vault;

/** A part of the vault with recipients of its own. */
public enum Section {
    /** The key that seals the file; whoever has it can write. */
    SEAL("seal", "", Role.OPERATOR),
    MASTERS("masters", "master", Role.MOUNT),
    ROOT_KEYS("root-keys", "root-key", Role.GATEWAY),
    CREDENTIALS("credentials", "credential", Role.GATEWAY);

    private final String word;
    private final String kind;
    /** Who opens it beside operators. */
    private final Role reader;

    Section(String word, String kind, Role reader) {
        this.word = word;
        this.kind = kind;
        this.reader = reader;
    }

    /** The section whose entries are called so. */
    static Section ofKind(String kind) {
        for (Section section : values()) {
            if (section != SEAL && section.kind.equals(kind)) {
                return section;
            }
        }
        throw new IllegalArgumentException("no such kind of entry");
    }

    /** As it stands in the file. */
    public String word() {
        return word;
    }

    /** What one of its entries is: {@code master}; empty for the section that has none. */
    public String kind() {
        return kind;
    }

    boolean isOpenTo(Role role) {
        return role == reader || role == Role.OPERATOR;
    }

    String schema() {
        return "credfs/vault-" + word + "/v1";
    }
}
