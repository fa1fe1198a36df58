package dev.credfs.vault;

import static dev.credfs.vault.VaultFixture.secret;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.crypto.Fingerprint;
import dev.credfs.crypto.StrictBase64;
import dev.credfs.vault.SealedVault.Damage;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class SealedVaultTest {
    private static VaultFixture fixture;
    private static byte[] file;

    @BeforeAll
    static void seal() throws VaultException {
        fixture = new VaultFixture();
        file = fixture.file();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String valueIn(Vault vault, Section section) throws VaultException {
        return text(vault.find(section, "github")
                .orElseThrow()
                .newest()
                .orElseThrow()
                .value()
                .revealCopy());
    }

    @Test
    void operatorOpensEverything() throws Exception {
        Vault opened = SealedVault.parse(file).open(fixture.operator);
        assertThat(valueIn(opened, Section.MASTERS)).isEqualTo(VaultFixture.MASTER);
        assertThat(valueIn(opened, Section.ROOT_KEYS)).isEqualTo(VaultFixture.ROOT_KEY);
        assertThat(valueIn(opened, Section.CREDENTIALS)).isEqualTo(VaultFixture.CREDENTIAL);
        assertThat(opened.find(Section.MASTERS, "github").orElseThrow().note()).isEqualTo("a note");
        assertThat(opened.generation()).isEqualTo(1);
    }

    @Test
    void mountOpensMastersAndNeitherRootKeysNorCredentials() throws Exception {
        SealedVault sealed = SealedVault.parse(file);
        Vault opened = sealed.open(fixture.mount);
        assertThat(valueIn(opened, Section.MASTERS)).isEqualTo(VaultFixture.MASTER);
        assertThat(opened.opens(Section.ROOT_KEYS)).isFalse();
        assertThat(opened.opens(Section.CREDENTIALS)).isFalse();
        assertThatThrownBy(() -> opened.entries(Section.ROOT_KEYS)).isInstanceOf(VaultException.class);
        assertThatThrownBy(() -> SealedVault.print(opened, 2, VaultFixture.NOW))
                .hasMessageContaining("only operators can");
    }

    /** Without our code in between: the mount's key against each section's age file. */
    @Test
    void keyOfTheMountDecryptsOneSectionOfFour() {
        assertThat(decryptable(fixture.mount)).containsExactly(Section.MASTERS);
        assertThat(decryptable(fixture.gateway)).containsExactly(Section.ROOT_KEYS, Section.CREDENTIALS);
        assertThat(decryptable(fixture.operator)).containsExactly(Section.values());
    }

    private static List<Section> decryptable(Identity identity) {
        return Arrays.stream(Section.values())
                .filter(section -> Age.decrypt(Armor.parse(section(file, section)), identity.readers())
                        .isPresent())
                .toList();
    }

    private static String section(byte[] vault, Section section) {
        String all = text(vault);
        String from = all.substring(all.indexOf("section " + section.word() + "\n"));
        return from.substring(from.indexOf('\n') + 1, from.indexOf(Armor.END) + Armor.END.length() + 1);
    }

    @Test
    void identityOfSomebodyElseOpensNothing() throws Exception {
        VaultFixture other = new VaultFixture();
        SealedVault sealed = SealedVault.parse(file);
        assertThatThrownBy(() -> sealed.open(other.operator)).hasMessageContaining("another key");
        Identity unpinned =
                Identity.parse(secret(text(other.operator.revealCopy()).replaceAll("# credfs seal: .*\n", "")));
        assertThatThrownBy(() -> sealed.open(unpinned)).hasMessageContaining("not among the recipients");
    }

    /** Whoever sees the public keys can encrypt to them. */
    @Test
    void vaultThatSomebodyElseMadeForTheSameRecipientsIsRefused() throws Exception {
        Vault forged = new VaultFixture().vault.withRecipients(fixture.vault.recipients());
        byte[] swapped = SealedVault.print(forged, 1, VaultFixture.NOW);
        assertThatThrownBy(() -> SealedVault.parse(swapped).open(fixture.mount)).hasMessageContaining("another key");
    }

    @Test
    void everySingleByteFlipIsDetected() {
        for (int at = 0; at < file.length; at++) {
            for (int flip = 1; flip <= 0x80; flip <<= 1) {
                byte[] damaged = file.clone();
                damaged[at] = (byte) (damaged[at] ^ flip);
                assertDamaged(damaged, "byte " + at + " ^ " + flip);
            }
        }
    }

    @Test
    void everyTruncationIsDetected() {
        for (int length = 0; length < file.length; length++) {
            assertDamaged(Arrays.copyOf(file, length), "cut to " + length);
            assertDamaged(Arrays.copyOfRange(file, file.length - length, file.length), "the last " + length);
        }
    }

    @Test
    void anythingThatIsAddedIsDetected() {
        assertDamaged(bytes(text(file) + "\n"), "a line at the end");
        assertDamaged(bytes("\n" + text(file)), "a line at the beginning");
        assertDamaged(bytes(text(file).replace("\nsection masters\n", "\n\nsection masters\n")), "a line between");
        assertDamaged(bytes(text(file).replace("\n", "\r\n")), "other line ends");
    }

    @Test
    void recipientThatWasAddedToTheFileIsDetected() throws Exception {
        String stranger = new VaultFixture().vault.recipients().get(0).toString();
        assertDamaged(
                digested("generation 1\n", "generation 1\nrecipient " + stranger + "\n"),
                "a stranger at the wrong place");
        String first = fixture.vault.recipients().get(0).toString();
        assertDamaged(digested(first, first + "\nrecipient " + stranger), "a stranger");
        assertDamaged(digested(first, stranger), "a stranger instead");
    }

    @Test
    void sectionOfAnotherGenerationIsDetected() throws Exception {
        byte[] next = SealedVault.print(fixture.vault, 2, VaultFixture.NOW);
        for (Section section : Section.values()) {
            assertDamaged(digested(section(file, section), section(next, section)), section.word());
            assertDamaged(digested(section(file, section), ""), section + " left out");
        }
    }

    /** With a digest that fits, which everybody can compute. */
    private static byte[] digested(String from, String to) {
        String changed = text(file).replace(from, to);
        String content = changed.substring(0, changed.indexOf("\ndigest ") + 1);
        String digest = text(StrictBase64.encode(Fingerprint.sha256(bytes(content))));
        return bytes(content + "digest " + digest + changed.substring(changed.indexOf("\nsignature ")));
    }

    private static void assertDamaged(byte[] damaged, String how) {
        assertThatThrownBy(() -> SealedVault.parse(damaged)).as(how).isInstanceOf(Damage.class);
    }

    @Test
    void damageSaysWhatAndWhere() {
        assertThatThrownBy(() -> SealedVault.parse(Arrays.copyOf(file, file.length - 1)))
                .hasMessageContaining("cut off");
        assertThatThrownBy(() -> SealedVault.parse(bytes(text(file).replace("generation 1", "generation x"))))
                .hasMessageContaining("not what its digest says");
        assertThatThrownBy(() -> SealedVault.parse(digested("generation 1", "generation 2")))
                .hasMessageContaining("its signature does not match");
        assertThatThrownBy(() -> SealedVault.parse(digested("generation 1", "generation x")))
                .hasMessageContaining("line 3");
        assertThatThrownBy(() -> SealedVault.parse(bytes("mount: /run\n"))).hasMessageContaining("not a vault");
        assertThatThrownBy(() -> SealedVault.parse(bytes(text(file).replace("credfs-vault-1", "credfs-vault-2"))))
                .hasMessageContaining("another version");
    }

    @Test
    void noTextOfATypeHoldsASecret() throws Exception {
        Vault opened = SealedVault.parse(file).open(fixture.operator);
        String all = opened + " " + fixture.operator + " " + opened.sealOrThrow() + " "
                + opened.entries(Section.MASTERS) + opened.entries(Section.ROOT_KEYS)
                + opened.entries(Section.CREDENTIALS) + SealedVault.parse(file);
        assertThat(all)
                .doesNotContain(VaultFixture.MASTER, VaultFixture.ROOT_KEY, VaultFixture.CREDENTIAL)
                .doesNotContain("AGE-SECRET-KEY")
                .contains("github");
    }

    @Test
    void fileHoldsNoSecretAndEachWriteIsOtherCiphertext() throws Exception {
        assertThat(text(file)).doesNotContain(VaultFixture.MASTER, "github", "a note");
        assertThat(section(fixture.file(), Section.MASTERS)).isNotEqualTo(section(file, Section.MASTERS));
    }

    @Test
    void vaultKeepsAnOperator() {
        List<Recipient> withoutOperator = fixture.vault.recipients().subList(1, 3);
        assertThatThrownBy(() -> fixture.vault.withRecipients(withoutOperator))
                .hasMessageContaining("without an operator");
    }
}
