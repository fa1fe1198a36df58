package dev.credfs.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.crypto.SecretBytes;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Files that were written once and must be read for ever, and one that {@code age -p} wrote. */
final class FixtureTest {
    private static byte[] fixture(String name) throws IOException {
        try (InputStream in = Objects.requireNonNull(FixtureTest.class.getResourceAsStream(name), name)) {
            return in.readAllBytes();
        }
    }

    private static Identity identity(String name) throws IOException, VaultException {
        return Identity.parse(SecretBytes.copyOf(fixture(name)));
    }

    private static String text(SecretBytes secret) {
        return new String(secret.revealCopy(), StandardCharsets.US_ASCII);
    }

    @Test
    void vaultOfVersion1IsRead() throws Exception {
        SealedVault sealed = SealedVault.parse(fixture("vault-1/credfs.vault"));
        assertThat(sealed.generation()).isEqualTo(5);
        Vault opened = sealed.open(identity("vault-1/operator.identity"));
        Entry rootKey = opened.find(Section.ROOT_KEYS, "github").orElseThrow();
        assertThat(rootKey.note()).isEqualTo("a note");
        assertThat(text(rootKey.newest().orElseThrow().value()))
                .isEqualTo("credfs-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        Entry credential = opened.find(Section.CREDENTIALS, "github").orElseThrow();
        assertThat(credential.versions()).hasSize(2).first().isInstanceOf(Entry.Retired.class);
        assertThat(text(credential.newest().orElseThrow().value())).isEqualTo("fixture-credential-2");
        assertThat(sealed.open(identity("vault-1/mount.identity")).opens(Section.MASTERS))
                .isTrue();
        assertThat(sealed.open(identity("vault-1/gateway.identity")).opens(Section.MASTERS))
                .isFalse();
    }

    @Test
    void exportOfVersion1IsRead() throws Exception {
        List<VaultExport.Item> items =
                VaultExport.parse(Age.open(fixture("vault-1/export.age"), identity("vault-1/mount.identity")));
        assertThat(items).extracting(VaultExport.Item::section).containsExactly(Section.CREDENTIALS, Section.MASTERS);
        assertThat(text(items.get(0).entry().newest().orElseThrow().value())).isEqualTo("fixture-credential-2");
    }

    @Test
    void whatAgeEncryptedWithAPassphraseIsRead() throws Exception {
        byte[] file = fixture("age-p.age");
        assertThat(Age.asksForPassphrase(file)).isTrue();
        assertThat(text(Age.open(file, VaultFixture.secret("correct horse"))))
                .isEqualTo("credfs-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n");
        assertThatThrownBy(() -> Age.open(file, VaultFixture.secret("correct horsf")))
                .hasMessageContaining("not encrypted with this passphrase");
    }

    @Test
    void damagedIdentityIsRefusedWithoutQuotingIt() throws Exception {
        String good = new String(fixture("vault-1/mount.identity"), StandardCharsets.US_ASCII);
        String key = good.substring(good.indexOf("AGE-SECRET-KEY-1"), good.length() - 1);
        for (String bad : List.of(
                good.replace(key, key.substring(1)),
                good.replace(key, key + "Q"),
                "# nothing\n",
                key + "\nsomething")) {
            assertThatThrownBy(() -> Identity.parse(VaultFixture.secret(bad)))
                    .isInstanceOf(VaultException.class)
                    .hasMessageNotContaining(key.substring(20));
        }
    }
}
