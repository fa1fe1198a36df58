package dev.credfs.vault;

import dev.credfs.crypto.SecretBytes;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A small vault with somebody in each role. */
final class VaultFixture {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    static final String MASTER = "a-master-that-nobody-may-see";
    static final String ROOT_KEY = "a-root-key-that-nobody-may-see";
    static final String CREDENTIAL = "a-credential-that-nobody-may-see";

    final Vault vault;
    final Identity operator;
    final Identity mount;
    final Identity gateway;

    VaultFixture() throws VaultException {
        Vault empty = Vault.empty(new SecureRandom());
        List<Recipient> recipients = new ArrayList<>();
        operator = add(empty, Role.OPERATOR, recipients);
        mount = add(empty, Role.MOUNT, recipients);
        gateway = add(empty, Role.GATEWAY, recipients);
        vault = empty.withRecipients(recipients)
                .with(Section.MASTERS, Entry.of("github", "a note", secret(MASTER), NOW))
                .with(Section.ROOT_KEYS, Entry.of("github", "", secret(ROOT_KEY), NOW))
                .with(Section.CREDENTIALS, Entry.of("github", "", secret(CREDENTIAL), NOW));
    }

    private static Identity add(Vault vault, Role role, List<Recipient> recipients) throws VaultException {
        Identity.Generated generated = vault.generateIdentity();
        recipients.add(new Recipient(role, generated.publicKey()));
        return generated.identity();
    }

    byte[] file() throws VaultException {
        return SealedVault.print(vault, 1, NOW);
    }

    static SecretBytes secret(String text) {
        return SecretBytes.copyOf(text.getBytes(StandardCharsets.US_ASCII));
    }
}
