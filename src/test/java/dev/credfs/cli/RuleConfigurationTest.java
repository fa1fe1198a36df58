package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Rule;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can stand in a rule under {@code allow}. */
final class RuleConfigurationTest {
    private static final Executable GH = new Executable("/usr/bin/gh", 1, 2);

    private static Rule rule(String text) throws ConfigurationException {
        String configuration = "mount: /m\naudience: a\nmasters: { x: { file: x } }\n"
                + "tree: { f: { master: x, allow: [ " + text + " ] } }\n";
        return ConfigurationReader.read(configuration, Path.of("/c/credfs.yaml"), RuleConfigurationTest::program)
                .files()
                .get(0)
                .policy()
                .rules()
                .get(0);
    }

    private static Executable program(String path) throws NoSuchFileException {
        if (!path.equals(GH.path())) {
            throw new NoSuchFileException(path);
        }
        return GH;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ any: true }                                     | false",
                "{ uid: 1000, gid: 7 }                             | false",
                "{ container: \"agent-*\" }                        | true",
                "{ container: \"agent-*\", exe: /usr/bin/curl }    | true",
                "{ uid: 1000, exe: /usr/bin/gh }                   | false",
            })
    void conditionsAreReadAndContainersBoundTo(String text, boolean bound) throws Exception {
        assertThat(rule(text).text()).isEqualTo(text);
        assertThat(rule(text).narrowing()).isEqualTo(new Narrowing(Narrowing.NONE.ttlAtMost(), List.of(), bound));
    }

    @Test
    void programIsAFileOfTheHostOrAPathInAContainer() throws Exception {
        assertThat(rule("{ uid: 1, exe: /usr/bin/gh }").conditions()).contains(new Condition.RunsFile(GH));
        assertThat(rule("{ container: a, exe: /usr/bin/gh }").conditions())
                .contains(new Condition.RunsPath("/usr/bin/gh"));
    }

    @Test
    void ruleNarrows() throws Exception {
        Narrowing narrowing = rule("{ container: a, bind: none, ttl: 30s, method: GET, path: /x/**, host: h.example }")
                .narrowing();

        assertThat(narrowing.bindContainer()).isFalse();
        assertThat(narrowing.ttlAtMost()).isEqualTo(Duration.ofSeconds(30));
        assertThat(narrowing.caveats())
                .extracting(Caveat::predicate)
                .containsExactly("host = h.example", "method = GET", "path = /x/**");
        assertThat(rule("{ uid: 1, bind: container }").narrowing().bindContainer())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ exe: /usr/bin/gh }               | 'exe' alone says nothing of who runs it",
                "{ any: true, exe: /usr/bin/gh }    | 'exe' alone says nothing of who runs it",
                "{ uid: 1, exe: /usr/bin/nix }      | no program /usr/bin/nix on this host",
                "{ uid: 1, exe: gh }                | absolute path",
                "{ container: a/b/c }               | covers no container",
                "{ container: a, bind: yes }        | 'container' or 'none'",
                "{ bind: container }                | a rule without conditions",
                "{ uid: 1, ttl: 1s }                | a ttl is from 2s",
                "{ gid: -1 }                        | a number from 0",
                "{ containers: a }                  | containers",
            },
            quoteCharacter = '"')
    void ruleThatCannotBeMeantIsAnError(String text, String why) {
        assertThatThrownBy(() -> rule(text))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(why);
    }
}
