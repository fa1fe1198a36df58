package dev.credfs.vault;

import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * The session keyring of the Linux kernel, keyrings(7): an identity that was put in once serves every process of the session,
 * is swapped out never, and is gone with the session, its timeout or {@link #forget}.
 *
 * <p>A process without a session keyring of its own uses that of its user ({@code _uid_ses}), which lasts until the machine
 * stops; systemd services have one of their own ({@code KeyringMode=private}).
 */
public final class Keyring {
    private static final byte[] TYPE = terminated("user");
    private static final int MAX_BYTES = 4096;

    private Keyring() {}

    /**
     * Keeps an identity for the vault.
     *
     * @param lifetime when the kernel forgets it by itself; zero for not
     * @throws VaultException if the kernel has no keyrings or no room in this one
     */
    public static void keep(String vault, Identity identity, Duration lifetime) throws VaultException {
        byte[] payload = identity.revealCopy();
        try {
            long session = sessionKeyring();
            long key = Native.LIBC.syscall(Native.ADD_KEY, TYPE, description(vault), payload, payload.length, session);
            if (key < 0) {
                throw failed("does not take the identity");
            }
            // Nobody finds it who could read it by his uid alone.
            if (Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_SETPERM, key, Native.KEY_POS_ALL) < 0
                    || Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_SET_TIMEOUT, key, lifetime.toSeconds()) < 0) {
                VaultException failure = failed("does not restrict the identity");
                Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_REVOKE, key, 0);
                throw failure;
            }
        } finally {
            Arrays.fill(payload, (byte) 0);
        }
    }

    /** The identity that was kept for the vault, or empty. */
    public static Optional<Identity> find(String vault) throws VaultException {
        long key = search(vault);
        if (key < 0) {
            return Optional.empty();
        }
        byte[] payload = new byte[MAX_BYTES];
        try {
            long length = Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_READ, key, payload, payload.length);
            if (length < 0 || length > payload.length) {
                throw failed("does not give the identity back");
            }
            byte[] exact = Arrays.copyOf(payload, (int) length);
            try (SecretBytes text = SecretBytes.copyOf(exact)) {
                return Optional.of(Identity.parse(text));
            } finally {
                Arrays.fill(exact, (byte) 0);
            }
        } finally {
            Arrays.fill(payload, (byte) 0);
        }
    }

    /** Forgets the identity; whether there was one. */
    public static boolean forget(String vault) throws VaultException {
        long key = search(vault);
        if (key < 0) {
            return false;
        }
        // Revoking ends it for those who have it linked elsewhere too.
        if (Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_REVOKE, key, 0) < 0) {
            throw failed("does not forget the identity");
        }
        Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_UNLINK, key, sessionKeyring());
        return true;
    }

    private static long search(String vault) throws VaultException {
        return Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_SEARCH, sessionKeyring(), TYPE, description(vault), 0);
    }

    /** Asked for without creating one: a keyring that is made for this process would end with it. */
    private static long sessionKeyring() throws VaultException {
        long id = Native.LIBC.syscall(Native.KEYCTL, Native.KEYCTL_GET_KEYRING_ID, Native.KEY_SPEC_SESSION_KEYRING, 0);
        if (id < 0) {
            throw failed("is not to be had");
        }
        return id;
    }

    private static VaultException failed(String what) {
        return new VaultException(
                "the kernel's keyring " + what + " (errno " + Native.lastErrno() + "): name an identity file instead");
    }

    private static byte[] description(String vault) {
        return terminated("credfs:" + vault);
    }

    private static byte[] terminated(String text) {
        byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
        return Arrays.copyOf(ascii, ascii.length + 1);
    }
}
