package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Configurations that are wrong, each with the line, the column and the words of its message. */
final class ConfigurationReaderTest {
    private static final Path FILE = Path.of("/etc/credfs/credfs.yaml");

    /** What every configuration begins with, on one line so that what follows begins on line 2. */
    private static final String HEAD =
            "{ mount: /run/credfs/m, audience: gateway.local, masters: { github: { file: g } },\n";

    private static Configuration read(String text, Path file) throws ConfigurationException {
        return ConfigurationReader.read(text, file, path -> {
            throw new NoSuchFileException(path);
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "tree: {}, mount: /x } | 2:11: duplicate key 'mount', first on line 1",
                "tree: {}, muont: /x } | 2:11: unknown key 'muont'; did you mean 'mount'?",
                "tree: { a: &x { master: github } } } | 2:12: anchors are not supported: quote a value that begins with '&'",
                "tree: { a: !!map { master: github } } } | 2:12: tags are not supported: quote a value that begins with '!'",
                "tree: { a: { master: github, ttl: } } } | 2:34: a key without a value",
                "tree: { a: { master: gitub } } } | 2:22: no master 'gitub' under 'masters'; did you mean 'github'?",
                "tree: { a: { master: github, tll: 5m } } } | 2:30: unknown key 'tll'; did you mean 'ttl'?",
                "tree: { a: { master: github, ttl: 5 } } } | 2:35: expected a duration such as 90s, 5m, 1h or 1d, not '5'",
                "tree: { a: { master: github, ttl: 1s } } } | 2:35: a ttl is from 2s to 30d",
                "tree: { a: { master: github, ttl: 31d } } } | 2:35: a ttl is from 2s to 30d",
                "tree: { a: { master: github, host: [] } } } | 2:36: an empty list for 'host'",
                "tree: { a: { master: github, method: [GET, GET] } } } | 2:44: 'GET' stands in the list twice",
                "tree: { a: { master: github, template: hedaer } } } | 2:40: no template 'hedaer'; did you mean 'header'?",
                "tree: { a: { master: github, format: x } } } | 2:38: 'format' goes with 'template: custom'",
                "tree: { a: { master: github, notify: yes } } } | 2:38: 'notify' is true or false, not 'yes'",
                "tree: { a: { master: github, allow: { any: true } } } } | 2:37: 'allow' is a list of rules",
                "tree: { a: { like: b } } } | 2:20: no file 'b' in the same directory to be like",
                "tree: { a: { like: a } } } | 2:20: a file cannot be like itself",
                "tree: { a b: { master: github } } } | 2:9: 'a b' is no name: 1 to 64 characters of A-Z a-z 0-9 . _ -",
                "tree: { a: text } } | 2:9: 'a' is neither a file (it has no 'master') nor a directory of files",
                "tree: { alow: [ { any: true } ] } } | 2:9: 'alow' is neither a file (it has no 'master') nor a directory of files; did you mean 'allow'?",
                "tree: { trusst: /x } } | 2:9: 'trusst' is neither a file (it has no 'master') nor a directory of files; did you mean 'trust'?",
                "tree: { a: { master: github, host: 'https://a.test/' } } } | 2:41: a host has no scheme: write only what stands between '//' and the next '/'",
                "tree: [] } | 2:7: expected keys and values for tree",
                "audit: x } | 1:1: the key 'tree' is missing",
                "tree: { allow: [ { uid: -1 } ] } } | 2:25: 'uid' is a number from 0 to 4294967295, not '-1'",
                "tree: { allow: [ { any: false } ] } } | 2:20: 'any: false' matches nobody: leave the rule out",
                "tree: { allow: [ {} ] } } | 2:18: a rule without conditions: write '{ any: true }' to allow every caller",
            })
    void wrongConfigurationSaysWhereAndWhat(String rest, String message) {
        assertThatThrownBy(() -> read(HEAD + rest, FILE))
                .isInstanceOf(ConfigurationException.class)
                .message()
                .startsWith(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "*a | aliases are not supported: quote a value that begins with '*'",
                "{ a: 1 } --- { b: 2 } | not YAML",
                "{ a: [ | not YAML",
            })
    void whatIsNoPlainYamlIsRefused(String text, String message) {
        assertThatThrownBy(() -> read(text, FILE))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(message);
    }

    @Test
    void emptyFileIsRefused() {
        assertThatThrownBy(() -> read("", FILE)).hasMessage("1:1: the file is empty");
    }

    @Test
    void whatIsLeftOutHasItsDefault() throws ConfigurationException {
        Configuration read = read(HEAD + "tree: { a: { b: { master: github } } } }", FILE);
        assertThat(read.allowOther()).isFalse();
        assertThat(read.audit()).isEqualTo(Path.of("/etc/credfs/audit.jsonl"));
        assertThat(read.masters().values())
                .extracting(source -> ((Configuration.MasterSource.InFile) source).file())
                .containsExactly(Path.of("/etc/credfs/g"));
        assertThat(read.files()).singleElement().satisfies(file -> {
            assertThat(file.path()).isEqualTo("/a/b");
            assertThat(file.ttl()).isEqualTo(Duration.ofMinutes(5));
            assertThat(file.policy().rules()).isEmpty();
            assertThat(file.wakesWatchers()).isFalse();
        });
    }
}
