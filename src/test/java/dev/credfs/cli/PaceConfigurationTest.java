package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.mint.Pace;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code rate} and {@code coalesce} can be, and when watchers are woken. */
final class PaceConfigurationTest {

    private static Configuration configuration(String tree) throws ConfigurationException {
        String text = "mount: /m\naudience: a\nmasters: { x: { file: x } }\ntree: { " + tree + " }\n";
        return ConfigurationReader.read(text, Path.of("/c/credfs.yaml"), path -> {
            throw new NoSuchFileException(path);
        });
    }

    private static Pace pace(String keys) throws ConfigurationException {
        return configuration("f: { master: x" + keys + " }").files().get(0).pace();
    }

    @Test
    void withoutThemAFileIsFree() throws Exception {
        assertThat(pace("")).isEqualTo(Pace.FREE);
        assertThat(pace(", rate: 60, coalesce: 2s")).isEqualTo(new Pace(60, Duration.ofSeconds(2)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "rate: 0        | a rate is a number of reads per minute from 1 to 99999, not '0'",
                "rate: 100000   | a rate is a number of reads per minute from 1 to 99999, not '100000'",
                "rate: 60/m     | a rate is a number of reads per minute from 1 to 99999, not '60/m'",
                "coalesce: 11s  | a token is given again for 10s at most, not for 11s",
                "coalesce: true | expected a duration such as 90s, 5m, 1h or 1d, not 'true'"
            })
    void whatCannotBeMeantIsAnError(String key, String why) {
        assertThatThrownBy(() -> pace(", " + key))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(why);
    }

    @Test
    void watchersAreWokenAtHalfTheShortestTtl() throws Exception {
        Configuration configuration =
                configuration("f: { master: x, ttl: 5m, notify: true, allow: [ { uid: 1, ttl: 30s }, { any: true } ] },"
                        + " g: { master: x, ttl: 5s, notify: true }");
        assertThat(configuration.refreshWindows())
                .isEqualTo(Map.of("/f", Duration.ofSeconds(15), "/g", Duration.ofSeconds(2)));
    }

    @Test
    void nameOfTheFileOfRefusalsIsTakenAtTheRootAlone() throws Exception {
        assertThatThrownBy(() -> configuration(".why: { master: x }"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("'.why' at the root is the file in which a caller sees why it was refused");
        assertThat(configuration("d: { .why: { master: x } }").files()).hasSize(1);
    }
}
