package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DirectoryTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "Z", "0", ".", "..", "...", ".hidden", "a.b_c-D9", "-", "_"})
    void nameOfTheAlphabetIsOneUnlessItIsADotOrTwo(String name) {
        assertThat(Directory.isName(name)).isEqualTo(!name.equals(".") && !name.equals(".."));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", " ", "a b", "a/b", "/", "a\0", "a\n", "ä", "a\u00a0", "\uff11", "\ud800", "a:b", "~", "*"})
    void everythingElseIsNone(String name) {
        assertThat(Directory.isName(name)).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> Directory.of(Map.of(name, Fixture.file("/f", Duration.ofMinutes(5), Fixture.ANYBODY))));
    }

    @Test
    void nameHasSixtyFourCharactersAndNotOneMore() {
        assertThat(Directory.isName("n".repeat(64))).isTrue();
        assertThat(Directory.isName("n".repeat(65))).isFalse();
    }

    @Test
    void childrenAreThoseOfTheDayItWasMade() {
        TreeMap<String, Node> children = new TreeMap<>(Map.of("a", Directory.of(Map.of())));
        Directory directory = new Directory(children);
        children.clear();

        assertThat(directory.children()).containsOnlyKeys("a");
    }
}
