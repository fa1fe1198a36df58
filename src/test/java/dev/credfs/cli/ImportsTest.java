package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.vault.VaultException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ImportsTest {
    private static Map<String, String> find(Imports format, String text) throws Exception {
        Map<String, String> found = new LinkedHashMap<>();
        for (Imports.Found each : format.find(text.getBytes(StandardCharsets.UTF_8), ImportsTest::nobody)) {
            found.put(each.name(), new String(each.value().revealCopy(), StandardCharsets.US_ASCII));
        }
        return found;
    }

    private static SecretBytes nobody(byte[] ageFile) throws VaultException {
        throw new VaultException("nobody");
    }

    @ParameterizedTest
    @CsvSource({
        "/home/me/.env,ENV",
        "/srv/app/.env.production,ENV",
        "prod.env,ENV",
        "prod.env.age,ENV",
        "/home/me/.npmrc,NPMRC",
        "/home/me/.netrc,NETRC",
        "_netrc,NETRC",
        "/home/me/.aws/credentials,AWS",
        "/home/me/.config/gh/hosts.yml,GH",
        "secrets.enc.yaml,TREE",
        "secrets.json,TREE",
    })
    void nameTellsTheFormat(Path file, Imports format) throws Exception {
        assertThat(Imports.of(file)).isEqualTo(format);
    }

    @Test
    void envFileIsReadAsShellsWriteIt() throws Exception {
        assertThat(find(Imports.ENV, """
                        # a comment
                        export GITHUB_TOKEN=ghp_0123456789
                        QUOTED="with#hash=and=equals"
                        SINGLE='single-quoted'
                        TRAILING=value-here # a comment
                        SHORT=abc
                        SENTENCE="this is no credential"
                        """))
                .containsExactly(
                        Map.entry("GITHUB_TOKEN", "ghp_0123456789"),
                        Map.entry("QUOTED", "with#hash=and=equals"),
                        Map.entry("SINGLE", "single-quoted"),
                        Map.entry("TRAILING", "value-here"));
    }

    @Test
    void npmrcGivesATokenForEachRegistry() throws Exception {
        assertThat(find(Imports.NPMRC, """
                        registry=https://registry.npmjs.org/
                        //registry.npmjs.org/:_authToken=npm_0123456789
                        //npm.example.com/team/:_authToken = npm_abcdefghij
                        //other.example.com/:_authToken=${NPM_TOKEN}
                        always-auth=true
                        """))
                .containsExactly(
                        Map.entry("npm.registry.npmjs.org", "npm_0123456789"),
                        Map.entry("npm.npm.example.com.team", "npm_abcdefghij"));
    }

    @Test
    void netrcGivesAPasswordForEachMachine() throws Exception {
        assertThat(find(Imports.NETRC, """
                        # mine
                        machine api.github.com login me password secret-of-github
                        machine ftp.example.com
                          login other
                          password secret-of-ftp
                        machine api.github.com login bot password secret-of-bot
                        """))
                .containsExactly(
                        Map.entry("netrc.api.github.com", "secret-of-github"),
                        Map.entry("netrc.ftp.example.com", "secret-of-ftp"),
                        Map.entry("netrc.api.github.com.bot", "secret-of-bot"));
    }

    @Test
    void awsGivesWhatIsSecretOfEachProfile() throws Exception {
        assertThat(find(Imports.AWS, """
                        [default]
                        aws_access_key_id = AKIAIOSFODNN7EXAMPLE
                        aws_secret_access_key = wJalrXUtnFEMI/K7MDENG
                        [profile work]
                        aws_secret_access_key=je7MtGbClwBF/2Zp9Utk
                        aws_session_token=AQoEXAMPLEH4aoAH0gNCAPy
                        """))
                .containsExactly(
                        Map.entry("aws.default", "wJalrXUtnFEMI/K7MDENG"),
                        Map.entry("aws.work", "je7MtGbClwBF/2Zp9Utk"),
                        Map.entry("aws.work.session", "AQoEXAMPLEH4aoAH0gNCAPy"));
    }

    @Test
    void ghGivesTheTokenOfEachHostAndUser() throws Exception {
        assertThat(find(Imports.GH, """
                        github.com:
                            user: me
                            oauth_token: gho_0123456789
                            users:
                                me: { oauth_token: gho_0123456789 }
                                bot: { oauth_token: gho_abcdefghij }
                        """))
                .containsEntry("gh.github.com", "gho_0123456789")
                .containsEntry("gh.github.com.bot", "gho_abcdefghij");
        assertThatThrownBy(() -> find(Imports.GH, "github.com:\n    user: me\n"))
                .hasMessageContaining("gh auth token");
    }

    @Test
    void documentIsSearchedForWhatCouldBeACredential() throws Exception {
        assertThat(find(
                        Imports.TREE,
                        "{\"db\": {\"password\": \"secret-of-db\", \"port\": 5432}, \"list\": [\"secret-in-list\"]}"))
                .containsExactly(Map.entry("db.password", "secret-of-db"), Map.entry("list.0", "secret-in-list"));
    }

    @Test
    void documentThatIsNoneIsNotQuoted() {
        assertThatThrownBy(() -> find(Imports.GH, "github.com: { oauth_token: gho_0123456789"))
                .hasMessageNotContaining("gho_");
    }
}
