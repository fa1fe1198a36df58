package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.macaroon.PresentedMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Identity;
import dev.credfs.vault.SealedVault;
import dev.credfs.vault.Section;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Terminals and the kernel's keyring are of the packaged program's tests. */
final class VaultCommandTest {
    @TempDir
    private Path temporary;

    private Path home;
    private String out = "";
    private String err = "";

    @BeforeEach
    void init() {
        home = temporary.resolve("v");
        assertThat(run("", "vault", "init", home.toString())).isZero();
    }

    private int run(String in, String... arguments) {
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        int status = Main.run(
                arguments,
                new ByteArrayInputStream(in.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(outBytes, true, StandardCharsets.UTF_8),
                new PrintStream(errBytes, true, StandardCharsets.UTF_8));
        out = outBytes.toString(StandardCharsets.UTF_8);
        err = errBytes.toString(StandardCharsets.UTF_8);
        return status;
    }

    private int vault(String in, String command, String... arguments) {
        return vaultAs("operator", in, command, arguments);
    }

    private int vaultAs(String role, String in, String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of("vault", command, "--vault", file().toString()));
        all.addAll(List.of("--identity", home.resolve(role + ".identity").toString()));
        all.addAll(List.of(arguments));
        return run(in, all.toArray(String[]::new));
    }

    private Path file() {
        return home.resolve("credfs.vault");
    }

    private Entry entry(Section section, String name) throws Exception {
        Identity operator = Identity.parse(Identity.readFile(home.resolve("operator.identity")));
        return SealedVault.read(file()).open(operator).find(section, name).orElseThrow();
    }

    private static byte[] newest(Entry entry) {
        return entry.newest().orElseThrow().value().revealCopy();
    }

    @Test
    void valueComesInByStdinAndIsShownByItsFingerprintAlone() throws Exception {
        assertThat(vault("ghp_very_secret\n", "add", "credential/github", "--note", "of the bot"))
                .isZero();
        assertThat(newest(entry(Section.CREDENTIALS, "github"))).asString().isEqualTo("ghp_very_secret");
        String all = err;
        for (String command : List.of("list", "show")) {
            for (String json : List.of("", "--json")) {
                List<String> arguments = new ArrayList<>();
                if (command.equals("show")) {
                    arguments.add("credential/github");
                }
                if (!json.isEmpty()) {
                    arguments.add(json);
                }
                assertThat(vault("", command, arguments.toArray(String[]::new))).isZero();
                assertThat(out)
                        .contains("of the bot")
                        .contains(entry(Section.CREDENTIALS, "github")
                                .newest()
                                .orElseThrow()
                                .fingerprint()
                                .hex());
                all += out + err;
            }
        }
        assertThat(all).doesNotContain("ghp_very_secret");
    }

    @Test
    void whatIsNoneOfItsKindIsRefusedWithoutQuotingIt() {
        for (String kind : List.of("master", "root-key", "credential")) {
            assertThat(vault("ghp secret", "add", kind + "/github")).isEqualTo(2);
            assertThat(err).startsWith("credfs: that is no " + kind + ": ").doesNotContain("ghp secret");
        }
        assertThat(vault("x", "add", "token/github")).isEqualTo(2);
        assertThat(vault("credential-value", "add", "credential/a b")).isEqualTo(2);
        assertThat(vault("", "show", "credential/none")).isEqualTo(3);
    }

    @Test
    void onlyAnOperatorWrites() {
        assertThat(vaultAs("mount", "credential-value", "add", "credential/x")).isEqualTo(5);
        assertThat(vaultAs("gateway", "credential-value", "add", "credential/x"))
                .isEqualTo(5);
        assertThat(err).contains("only operators can");
    }

    @Test
    void rotationPutsAKeyBesideAndRetiringTakesAllThatStoodOnIt() throws Exception {
        assertThat(vault("", "add", "root-key/github", "--generate")).isZero();
        assertThat(vault(
                        "",
                        "add",
                        "master/github",
                        "--issue",
                        "github",
                        "--caveat",
                        "aud = gateway.local",
                        "--caveat",
                        "time < 2999-01-02T03:04:05Z"))
                .isZero();
        byte[] oldKey = newest(entry(Section.ROOT_KEYS, "github"));
        byte[] oldMaster = newest(entry(Section.MASTERS, "github"));
        assertThat(vault("", "rotate", "root-key/github")).isZero();
        assertThat(entry(Section.ROOT_KEYS, "github").live()).hasSize(2);
        PresentedMacaroon.parse(oldMaster).verify(RootKey.parse(oldKey));

        assertThat(vault("", "rotate", "master/github")).isZero();
        byte[] newMaster = newest(entry(Section.MASTERS, "github"));
        PresentedMacaroon.parse(newMaster).verify(RootKey.parse(newest(entry(Section.ROOT_KEYS, "github"))));
        assertThat(MasterMacaroon.parse(newMaster).id().text()).isEqualTo("github/2");
        assertThat(MasterMacaroon.parse(newMaster).caveats()).hasSize(2);
        assertThat(entry(Section.MASTERS, "github").live()).hasSize(1);

        assertThat(vault("", "rotate", "root-key/github", "--retire", "2")).isZero();
        assertThat(err).contains("master/github stood on it and is retired too");
        assertThat(entry(Section.MASTERS, "github").live()).isEmpty();
        assertThat(entry(Section.ROOT_KEYS, "github").live())
                .extracting(Entry.Live::number)
                .containsExactly(1);
    }

    @Test
    void whoIsRemovedCannotOpenItAndNoGenerationIsLeftForHim() throws Exception {
        vault("credential-value", "add", "credential/x");
        String gateway = Files.readString(home.resolve("gateway.identity"))
                .lines()
                .findFirst()
                .orElseThrow()
                .substring("# public key: ".length());
        assertThat(vaultAs("gateway", "", "list")).isZero();
        assertThat(vault("", "rekey", "--remove", gateway)).isZero();
        assertThat(vaultAs("gateway", "", "list")).isEqualTo(5);
        assertThat(err).contains("not among the recipients");
        assertThat(Files.exists(home.resolve("credfs.vault.1"))).isFalse();
        assertThat(vault("", "rekey", "--add", "gateway=" + gateway)).isZero();
        assertThat(vaultAs("gateway", "", "list")).isZero();
    }

    @Test
    void removingAnOperatorChangesTheSeal() throws Exception {
        Path other = temporary.resolve("other");
        run("", "vault", "init", other.toString());
        String second = Files.readString(other.resolve("operator.identity"))
                .lines()
                .findFirst()
                .orElseThrow()
                .substring("# public key: ".length());
        String before = SealedVault.read(file()).seal();
        assertThat(vault("", "rekey", "--add", "operator=" + second)).isZero();
        assertThat(SealedVault.read(file()).seal()).isEqualTo(before);
        assertThat(vault("", "rekey", "--remove", second)).isZero();
        assertThat(out).isEqualTo("# credfs seal: " + SealedVault.read(file()).seal() + "\n");
        assertThat(vault("", "list")).isEqualTo(5);
        assertThat(err).contains("another key than the identity was made for");
    }

    @Test
    void checkNamesEachMasterThatCannotBeUsedAndWhy() throws Exception {
        vault("", "add", "root-key/github", "--generate");
        for (String name : List.of("good", "expired", "retired", "revoked")) {
            String key = name.equals("revoked") ? "other" : "github";
            if (key.equals("other")) {
                vault("", "add", "root-key/other", "--generate");
            }
            String year = name.equals("expired") ? "2020" : "2999";
            assertThat(vault(
                            "",
                            "add",
                            "master/" + name,
                            "--issue",
                            key,
                            "--caveat",
                            "aud = gateway.local",
                            "--caveat",
                            "time < " + year + "-01-02T03:04:05Z"))
                    .isZero();
        }
        vault("", "add", "root-key/short", "--generate");
        vault("", "rm", "master/retired", "--yes");
        vault("", "add", "master/retired", "--issue", "short", "--caveat", "time < 2999-01-02T03:04:05Z");
        vault("", "rotate", "root-key/short", "--retire", "1");
        Files.createDirectory(home.resolve("gateway"));
        Files.writeString(home.resolve("gateway/revoked"), "key other\n");
        StringBuilder masters = new StringBuilder();
        StringBuilder tree = new StringBuilder();
        for (String name : List.of("good", "expired", "retired", "revoked", "missing")) {
            masters.append("  ").append(name).append(": { vault: ").append(name).append(" }\n");
            tree.append("  ").append(name).append(": { master: ").append(name).append(", host: a.example }\n");
        }
        Path config = home.resolve("credfs.yaml");
        Files.writeString(
                config,
                "mount: run/m\naudience: gateway.local\nidentity: { file: mount.identity }\nmasters:\n" + masters
                        + "tree:\n  allow: [ { uid: 0 } ]\n" + tree
                        + "gateway: { state: gateway, listen: 127.0.0.1:8181, keys: { github: { vault: github } }, routes:"
                        + " { a: { upstream: https://a.example, credential: { bearer: { vault: a } } } } }\n");
        Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-------"));
        assertThat(run("", "check", "--config", config.toString())).isEqualTo(5);
        assertThat(out.lines().filter(line -> line.startsWith("✗")))
                .hasSize(4)
                .anyMatch(line -> line.matches("✗ master 'expired' expired at 2020-.*"))
                .anyMatch(line ->
                        line.matches("✗ master 'retired': revoked: every version of master/retired is retired.*"))
                .anyMatch(line -> line.matches("✗ master 'revoked': its key 'other' was revoked: .*"))
                .anyMatch(line -> line.matches("✗ master 'missing': there is no master/missing in the vault: .*"));
        assertThat(out)
                .contains("! master 'good' expires in more than 90 days")
                .contains("! master 'good' allows more than its files need: issue it with 'host = a.example'");
        Files.setPosixFilePermissions(home.resolve("mount.identity"), PosixFilePermissions.fromString("rw-r-----"));
        assertThat(run("", "check", "--config", config.toString())).isEqualTo(5);
        assertThat(out).contains("✗ master 'good': vault " + file() + ": identity ");
    }

    @Test
    void whatIsWrongIsSaidBeforeAValueIsTakenAndNeverQuotesOne() {
        assertThat(vault("", "add", "credential/x", "ghp_0123456789")).isEqualTo(2);
        assertThat(err).startsWith("credfs: an argument too many").doesNotContain("ghp_");
        assertThat(vault("", "add", "credential/x", "--value=ghp_0123456789")).isEqualTo(2);
        assertThat(err).contains("'--value'").doesNotContain("ghp_");
        assertThat(vault("", "add", "credential/a b")).isEqualTo(2);
        assertThat(err).contains("a name has 1 to 64 characters");
        assertThat(vault("", "add", "credential/x")).isEqualTo(2);
        assertThat(err).isEqualTo("credfs: stdin is empty: pipe the value of credential/x into it\n");
        assertThat(vault("ghp_0123456789", "add", "credential/x", "--identity-fd", "3"))
                .isEqualTo(2);
    }

    @Test
    void exportIsReadByItsRecipientAlone() throws Exception {
        vault("credential-value", "add", "credential/x", "--note", "n");
        Path other = temporary.resolve("other");
        run("", "vault", "init", other.toString());
        String recipient = Files.readString(other.resolve("operator.identity"))
                .lines()
                .findFirst()
                .orElseThrow()
                .substring("# public key: ".length());
        assertThat(vault("", "export", "--recipient", recipient, "credential/x"))
                .isZero();
        assertThat(out).startsWith("-----BEGIN AGE ENCRYPTED FILE-----\n").doesNotContain("credential-value");
        String export = out;
        assertThat(vault(export, "import", "--all", "-")).isEqualTo(5);
        home = other;
        assertThat(vault(export, "import", "--all", "-")).isZero();
        assertThat(newest(entry(Section.CREDENTIALS, "x"))).asString().isEqualTo("credential-value");
    }

    @Test
    void importNamesWhatItFoundAndShredsOnlyAfterwards() throws Exception {
        Path env = temporary.resolve(".env");
        Files.writeString(env, "ONE=secret-number-one\nTWO=secret-number-two\n");
        assertThat(vault("", "import", env.toString(), "NONE", "--shred")).isEqualTo(3);
        assertThat(env).exists();
        assertThat(vault("", "import", env.toString(), "ONE")).isZero();
        assertThat(out).contains("credential/ONE", "credential/TWO").doesNotContain("secret-number");
        assertThat(err).contains("imported 1 of 2").contains("still holds what was imported");
        assertThat(env).exists();
        assertThat(vault("", "import", env.toString(), "ONE", "--shred")).isEqualTo(2);
        assertThat(env).exists();
        assertThat(vault("", "import", env.toString(), "TWO", "--shred")).isZero();
        assertThat(env).doesNotExist();
        assertThat(newest(entry(Section.CREDENTIALS, "TWO"))).asString().isEqualTo("secret-number-two");
    }
}
