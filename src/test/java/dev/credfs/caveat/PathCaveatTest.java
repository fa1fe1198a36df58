package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertClears;
import static dev.credfs.caveat.CaveatAssertions.assertProhibits;
import static dev.credfs.caveat.CaveatAssertions.assertReads;
import static dev.credfs.caveat.CaveatAssertions.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code path}. */
final class PathCaveatTest {
    private static Access of(String path) {
        return access("GET https://api.github.com" + path);
    }

    @ParameterizedTest
    @CsvSource({
        "/, /",
        "/user, /user",
        "/user, /%75ser",
        "/user, /user?page=2&path=/etc",
        "/User, /User",
        "/a/, /a/",
        "/**, /",
        "/**, /a",
        "/**, /a/",
        "/**, /a/b/c",
        "/a/**, /a",
        "/a/**, /a/",
        "/a/**, /a/b",
        "/a/**, /a/b/c/",
        "/**/b, /b",
        "/**/b, /a/b",
        "/**/b, /a/b/b",
        "/a/**/b, /a/b",
        "/a/**/b, /a/x/y/b",
        "/a/**/b/**/c, /a/b/x/b/c",
        "/**/, /",
        "/**/, /a/",
        "/**/**, /a/b",
        "/*, /a",
        "/*/b, /a/b",
        "/a/*/c, /a/b/c",
        "/a*, /a",
        "/a*, /abc",
        "/*a, /aaa",
        "/*a*b*, /xaybz",
        "/*.json, /.json",
        "/*.json, /a.json.json",
        "/%2A, /*",
        "/%2A, /%2a",
        "/a%2Ab*, /a*bc",
        "/%2A%2A, /**",
        "/a%20b, /a%20b",
        "/caf%C3%A9, /caf%c3%a9",
        "/caf%C3%A9/*, /caf%C3%A9/x",
        "/%3F%23, /%3f%23",
        "/..., /...",
        "/.git, /%2egit",
        "'/a,b', '/a,b'",
        "/-._~!$&'()+:@=, /-._~!$&'()+:@=",
    })
    void covers(String glob, String path) {
        assertReads("path = " + glob);
        assertClears("path = " + glob, of(path));
    }

    @ParameterizedTest
    @CsvSource({
        "/, /a",
        "/a, /",
        "/a, /a/",
        "/a/, /a",
        "/a, /A",
        "/a, /ab",
        "/a, /a/b",
        "/a, /b/a",
        "/*, /",
        "/*, /a/",
        "/*, /a/b",
        "/a/*, /a",
        "/a/*, /a/",
        "/a/*, /a/b/c",
        "/*/b, //b-is-never-a-path",
        "/a/**, /ab",
        "/a/**, /b/a/c",
        "/**/b, /bb",
        "/**/b, /b/",
        "/a/**/b, /a",
        "/a/**/b, /ab",
        "/**/, /a",
        "/a*, /ba",
        "/*a, /ab",
        "/*.json, /json",
        "/%2A, /a",
        "/%2A%2A, /a",
        "/%2A/b, /a/b",
        "/a%2Ab, /axb",
        "/a%20b, /a+b",
        "/repos/acme/**, /repos/acme-evil/x",
        "/repos/acme/**, /repos",
    })
    void does_not_cover(String glob, String path) {
        // an empty segment is refused where the path is read
        if (path.startsWith("//")) {
            assertThatThrownBy(() -> RequestPath.parse(path)).isInstanceOf(CaveatSyntaxException.class);
        } else {
            assertProhibits("path = " + glob, of(path));
        }
    }

    @Test
    void a_list_clears_when_any_glob_does() {
        String paths = "path = /repos/acme/** /user";
        assertReads(paths);
        assertClears(paths, of("/user"));
        assertClears(paths, of("/repos/acme/x"));
        assertProhibits(paths, of("/users"));
    }

    @ParameterizedTest
    @CsvSource({
        "user, 8",
        "*, 8",
        "**, 8",
        "https://a/b, 8",
        "//, 9",
        "//a, 9",
        "/a//b, 11",
        "/., 9",
        "/.., 9",
        "/a/../b, 11",
        "/a/./b, 11",
        "/a**, 10",
        "/**a, 9",
        "/***, 9",
        "/a/**b/c, 11",
        "/a?b, 10",
        "/a#b, 10",
        "/a;b, 10",
        "/a\\b, 10",
        "/a[b], 10",
        "/{a}, 9",
        "/a|b, 10",
        "/%, 9",
        "/%4, 9",
        "/%4/, 9",
        "/%zz, 9",
        "/%\uff12\uff10, 10",
        "/%2a, 9",
        "/%c3%A9, 9",
        "/%41, 9",
        "/%2E, 9",
        "/%2E%2E, 9",
        "/%2F, 9",
        "/a%2Fb, 10",
        "/a%5Cb, 10",
        "/a%00, 10",
        "/a%0A, 10",
        "/a%7F, 10",
        "/a%25, 10",
        "/a%3B, 10",
        "/a/%C0%AF, 11",
        "/a/%E9, 11",
        "/a/%C3*%A9, 11",
        "/a/%ED%A0%80, 11",
        "/caf\u00e9, 12",
    })
    void is_not_a_glob(String glob, int column) {
        assertRefused("path = " + glob, column);
    }

    @ParameterizedTest
    @CsvSource({"'/a  /b', 11", "'/a ', 11", "' /a', 8", "'/a /a', 11", "'/a,/b /a,/b', 14"})
    void a_list_has_single_blanks_and_nothing_twice(String list, int column) {
        assertRefused("path = " + list, column);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 1",
        "a, 1",
        "*, 1",
        "http://a/b, 1",
        "//, 2",
        "/a//b, 4",
        "/., 2",
        "/.., 2",
        "/../a, 2",
        "/a/.., 4",
        "/a/%2e%2e/b, 4",
        "/a/.%2E/b, 4",
        "/a/%2E, 4",
        "/a%2fb, 3",
        "/a%2Fb, 3",
        "/a%5cb, 3",
        "/a\\b, 3",
        "/a%00, 3",
        "/a%0d%0aHost:b, 3",
        "/a%1F, 3",
        "/a%7f, 3",
        "/a%25, 3",
        "/a%252e%252e/b, 3",
        "/a%2, 3",
        "/a%, 3",
        "/a%zz, 3",
        "/a%u002f, 3",
        "/a%\uff12\uff10, 3",
        "/a;b, 3",
        "/..;/b, 4",
        "/a%3bb, 3",
        "/a?b, 3",
        "/a#b, 3",
        "'/a b', 3",
        "/a\tb, 3",
        "'/a\nb', 3",
        "'/a\u0000', 3",
        "/caf\u00e9, 5",
        "/a/%c0%af.., 4",
        "/a/%c0%ae%c0%ae/b, 4",
        "/a/%e9, 4",
        "/a/%ed%a0%80, 4",
        "/a/%f5%80%80%80, 4",
        "/a<b>, 3",
    })
    void a_request_path_that_two_servers_might_read_differently_is_refused(String path, int column) {
        assertThatThrownBy(() -> RequestPath.parse(path))
                .isInstanceOfSatisfying(
                        CaveatSyntaxException.class, e -> assertThat(e.column()).isEqualTo(column));
    }

    @Test
    void a_request_path_has_at_most_8192_characters() throws CaveatSyntaxException {
        assertThat(RequestPath.parse("/" + "a".repeat(8191)).segments()).hasSize(1);
        assertThatThrownBy(() -> RequestPath.parse("/" + "a".repeat(8192)))
                .isInstanceOfSatisfying(
                        CaveatSyntaxException.class, e -> assertThat(e.column()).isEqualTo(8193));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a%41", "/%61A", "/aA"})
    void a_path_is_decoded_once(String path) throws CaveatSyntaxException {
        assertThat(RequestPath.parse(path).segments()).containsExactly("aA");
        assertThat(RequestPath.parse(path)).hasToString(path);
    }

    /** Regular expressions say the same in another way; they are what the language keeps from its users. */
    @Test
    void the_matcher_agrees_with_a_regular_expression() throws CaveatSyntaxException {
        SplittableRandom random = new SplittableRandom(7);
        List<String> parts = List.of("a", "b", "ab", "*", "a*", "*b", "a*b", "*a*", "**", "**", "%2A");
        List<String> names = List.of("a", "b", "ab", "ba", "aab", "abab", "*", "c");
        int covered = 0;
        for (int round = 0; round < 10_000; round++) {
            StringBuilder glob = new StringBuilder();
            for (int i = random.nextInt(1, 5); i > 0; i--) {
                glob.append('/').append(parts.get(random.nextInt(parts.size())));
            }
            StringBuilder path = new StringBuilder();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                path.append('/').append(names.get(random.nextInt(names.size())));
            }
            if (random.nextInt(4) == 0) {
                path.append('/');
            }
            boolean expected = Pattern.matches(expression(glob.toString()), path);
            assertThat(PathGlob.parse(glob.toString()).covers(RequestPath.parse(path.toString())))
                    .as("%s covers %s", glob, path)
                    .isEqualTo(expected);
            covered += expected ? 1 : 0;
        }
        assertThat(covered).isBetween(500, 9_500);
    }

    private static String expression(String glob) {
        StringBuilder expression = new StringBuilder();
        for (String segment : glob.substring(1).split("/", -1)) {
            switch (segment) {
                case "**" -> expression.append("(/[^/]*)*");
                case "*" -> expression.append("/[^/]+");
                default ->
                    expression.append('/').append(segment.replace("*", "[^/]*").replace("%2A", "\\*"));
            }
        }
        return expression.toString();
    }

    @Test
    void globs_that_retry_a_lot_still_end() {
        assertProhibits("path = /" + "a*".repeat(500) + "b", of("/" + "a".repeat(8000)));
        assertProhibits("path = /*" + "a".repeat(1000) + "b", of("/" + "a".repeat(8000)));
        assertProhibits("path = " + "/**/a".repeat(200) + "/b", of("/a".repeat(4000)));
        assertProhibits("path = /**" + "/a".repeat(500) + "/b", of("/a".repeat(4000)));
    }

    @Test
    void a_caveat_that_is_built_can_be_read_again() throws CaveatSyntaxException {
        PathGlob glob = PathGlob.parse("/a/**");
        assertThat(new PathCaveat(List.of(glob)).predicate()).isEqualTo("path = /a/**");
        assertThatThrownBy(() -> new PathCaveat(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new PathCaveat(List.of(glob, PathGlob.parse("/a/**"))))
                .isInstanceOf(IllegalArgumentException.class);
        PathGlob longest = PathGlob.parse("/" + "a".repeat(1016));
        assertThat(new PathCaveat(List.of(longest)).predicate()).hasSize(1024);
        PathGlob longer = PathGlob.parse("/" + "a".repeat(1017));
        assertThatThrownBy(() -> new PathCaveat(List.of(longer))).isInstanceOf(IllegalArgumentException.class);
    }
}
