package dev.credfs.vault;

import java.util.Locale;

/** What the holder of an identity is for, and so which sections are encrypted to it. */
public enum Role {
    /** People and their backup key: opens everything, and alone can write. */
    OPERATOR,
    /** The mounting process: opens the masters and nothing else. */
    MOUNT,
    /** The gateway: opens root keys and credentials, and no master. */
    GATEWAY;

    /** As it stands in the file. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
