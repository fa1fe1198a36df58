package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.vault.Age;
import dev.credfs.vault.Identity;
import dev.credfs.vault.VaultException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The documents are made here as sops makes them, by a reference that shares nothing with what reads them. */
final class SopsTest {
    private static final String MODIFIED = "2026-01-02T03:04:05Z";
    /** Both from the tests of sops, {@code age/keys.txt}. */
    private static final String PUBLIC_KEY = "age1yt3tfqlfrwdwx0z0ynwplcr6qxcxfaqycuprpmy89nr83ltx74tqdpszlw";

    private static final String PRIVATE_KEY =
            "AGE-SECRET-KEY-1NJT5YCS2LWU4V4QAJQ6R4JNU7LXPDX602DZ9NUFANVU5GDTGUWCQ5T59M6";

    private final byte[] dataKey = new byte[32];
    private final ByteArrayOutputStream macOver = new ByteArrayOutputStream();

    @BeforeEach
    void makeDataKey() {
        new SecureRandom().nextBytes(dataKey);
    }

    private String encrypt(String plain, String type, String boundTo) throws Exception {
        byte[] nonce = new byte[32];
        new SecureRandom().nextBytes(nonce);
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(dataKey, "AES"), new GCMParameterSpec(128, nonce));
        cipher.updateAAD(boundTo.getBytes(StandardCharsets.UTF_8));
        byte[] sealed = cipher.doFinal(plain.getBytes(StandardCharsets.UTF_8));
        int tagAt = sealed.length - 16;
        return "ENC[AES256_GCM,data:" + base64(Arrays.copyOf(sealed, tagAt)) + ",iv:" + base64(nonce) + ",tag:"
                + base64(Arrays.copyOfRange(sealed, tagAt, sealed.length)) + ",type:" + type + "]";
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private String text(String plain, String boundTo) throws Exception {
        return value(plain, "str", boundTo);
    }

    private String value(String plain, String type, String boundTo) throws Exception {
        macOver.writeBytes(plain.getBytes(StandardCharsets.UTF_8));
        return encrypt(plain, type, boundTo);
    }

    private String clear(String plain) {
        macOver.writeBytes(plain.getBytes(StandardCharsets.UTF_8));
        return plain;
    }

    private String mac() throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-512").digest(macOver.toByteArray());
        return encrypt(HexFormat.of().withUpperCase().formatHex(digest), "str", MODIFIED);
    }

    private String recipient() {
        return Age.seal(SecretBytes.copyOf(dataKey), List.of(PUBLIC_KEY)).strip();
    }

    private String yaml() throws Exception {
        return "kind_unencrypted: " + clear("Secret") + "\ndb:\n    password: "
                + text("secret-of-the-db", "db:password:")
                + "\n    port: " + value("5432", "int", "db:port:") + "\n    tls: " + value("True", "bool", "db:tls:")
                + "\n    empty: \"\"\nkeys:\n    - " + text("secret-in-a-list", "keys:")
                + "\nsops:\n    age:\n        - recipient: " + PUBLIC_KEY + "\n          enc: |\n"
                + recipient().indent(12) + "    lastmodified: \"" + MODIFIED + "\"\n    mac: " + mac()
                + "\n    version: 3.8.1\n";
    }

    private static Map<String, String> find(Imports format, String text) throws Exception {
        byte[] identity = PRIVATE_KEY.getBytes(StandardCharsets.US_ASCII);
        Map<String, String> found = new LinkedHashMap<>();
        try (Identity opener = Identity.parse(SecretBytes.copyOf(identity))) {
            for (Imports.Found each :
                    format.find(text.getBytes(StandardCharsets.UTF_8), file -> Age.open(file, opener))) {
                found.put(each.name(), new String(each.value().revealCopy(), StandardCharsets.US_ASCII));
            }
        }
        return found;
    }

    @Test
    void yamlIsReadWithWhatIsNotEncryptedInIt() throws Exception {
        assertThat(find(Imports.TREE, yaml()))
                .containsExactly(Map.entry("db.password", "secret-of-the-db"), Map.entry("keys.0", "secret-in-a-list"));
    }

    @Test
    void jsonIsRead() throws Exception {
        String document = "{\"a\": {\"b\": \"" + text("secret-of-a-and-b", "a:b:")
                + "\"},\n\"sops\": {\"age\": [{\"enc\": \""
                + recipient().replace("\n", "\\n") + "\"}], \"lastmodified\": \"" + MODIFIED + "\", \"mac\": \"" + mac()
                + "\"}}";
        assertThat(find(Imports.TREE, document)).containsExactly(Map.entry("a.b", "secret-of-a-and-b"));
    }

    @Test
    void dotenvIsRead() throws Exception {
        String document = "#" + encrypt("a comment", "comment", "") + "\nTOKEN=" + text("secret-of-env", "TOKEN:")
                + "\nsops_age__list_0__map_enc=" + recipient().replace("\n", "\\n")
                + "\nsops_age__list_0__map_recipient="
                + PUBLIC_KEY + "\nsops_lastmodified=" + MODIFIED + "\nsops_mac=" + mac() + "\nsops_version=3.8.1\n";
        assertThat(find(Imports.ENV, document)).containsExactly(Map.entry("TOKEN", "secret-of-env"));
    }

    @Test
    void fileThatSopsHasNoFormatForIsOneValue() throws Exception {
        String npmrc = "//registry.example/:_authToken=secret-of-npm\n";
        String document = "{\"data\": \"" + text(npmrc, "data:") + "\", \"sops\": {\"age\": [{\"enc\": \""
                + recipient().replace("\n", "\\n") + "\"}], \"lastmodified\": \"" + MODIFIED + "\", \"mac\": \"" + mac()
                + "\"}}";
        assertThat(find(Imports.NPMRC, document)).containsExactly(Map.entry("npm.registry.example", "secret-of-npm"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kind_unencrypted: Secret=kind_unencrypted: secret",
                "    empty: \"\"\n=    empty: put-in-unencrypted\n",
                "(?s)keys:.*\nsops:=sops:",
                "port: .*\n=port: 5433\n",
                "\n    mac: .*\n=\n",
                "lastmodified: \"2026=lastmodified: \"2027",
            })
    void changedDocumentIsRefusedWithoutQuotingIt(String change) throws Exception {
        String[] fromTo = change.split("=", 2);
        String changed = yaml().replaceFirst(fromTo[0], fromTo[1]);
        assertThatThrownBy(() -> find(Imports.TREE, changed))
                .isInstanceOf(VaultException.class)
                .hasMessageContaining("somebody changed it")
                .hasMessageNotContaining("secret");
    }

    @Test
    void documentForOthersIsRefused() throws Exception {
        String forPgp =
                yaml().replaceFirst("(?s)    age:.*    lastmodified", "    pgp: [ { enc: x } ]\n    lastmodified");
        assertThatThrownBy(() -> find(Imports.TREE, forPgp)).hasMessageContaining("no age recipient: run 'sops -d'");
        assertThatThrownBy(() -> Imports.TREE.find(yaml().getBytes(StandardCharsets.UTF_8), file -> {
                    throw new VaultException("it was not encrypted to this identity");
                }))
                .hasMessageContaining("it was not encrypted to");
    }

    @Test
    void valueIsBoundToItsPlace() throws Exception {
        String document = yaml();
        String moved = document.replace("password:", "passwort:");
        assertThat(moved).isNotEqualTo(document);
        assertThatThrownBy(() -> find(Imports.TREE, moved)).hasMessageContaining("not what sops encrypted");
    }
}
