package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.procfs.ContainerPatterns;
import java.io.FileNotFoundException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The operator's own places for containers. */
final class ContainersConfigurationTest {
    private static Configuration read(String fourthLine) throws ConfigurationException {
        return ConfigurationReader.read(
                "mount: /m\naudience: a\nmasters: { x: { file: x } }\n" + fourthLine + "\ntree: { f: { master: x } }\n",
                Path.of("/c/credfs.yaml"),
                path -> {
                    throw new FileNotFoundException(path);
                });
    }

    @Test
    void placesAreAddedToTheKnownOnes() throws Exception {
        assertThat(read("").containers()).isEqualTo(ContainerPatterns.known());
        assertThat(read("containers: []").containers()).isEqualTo(ContainerPatterns.known());
        assertThat(read("containers: [/my/prefix/*, /ci/job-*.scope]").containers())
                .isEqualTo(ContainerPatterns.known().with("/my/prefix/*").with("/ci/job-*.scope"))
                .isNotEqualTo(ContainerPatterns.known());
    }

    @Test
    void changeOfPlacesTakesARestart() throws Exception {
        Configuration initial = read("containers: [/my/*]");

        assertThat(initial.needsRestartFor(read("containers: [/mine/*]"))).isEqualTo("containers");
        assertThat(initial.needsRestartFor(read("containers: [/my/*]"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "containers: /my/*          | 4:13: 'containers' is a list",
                "containers: [my/*]         | 4:14: 'my/*': a cgroup path begins with '/'",
                "containers: [/a/*, /my/]   | 4:20: '/my/': a cgroup path begins with '/' and ends without one",
                "containers: [/my/prefix]   | 4:14: '/my/prefix': exactly one '*'",
                "containers: [/*/*]         | 4:14: '/*/*': exactly one '*'",
                "containers: [/my/../*]     | 4:14: '/my/../*': an empty or dot segment",
                "containers: [/my/?/*]      | 4:14: '/my/?/*': '?' and '#' are not wildcards",
                "containers: [/my/*, /my/*] | 4:21: '/my/*' stands in the list twice",
            })
    void placeThatCannotBeMeantIsAnError(String line, String why) {
        assertThatThrownBy(() -> read(line))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(why);
    }
}
