package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.NOW;
import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertClears;
import static dev.credfs.caveat.CaveatAssertions.assertProhibits;
import static dev.credfs.caveat.CaveatAssertions.assertReads;
import static dev.credfs.caveat.CaveatAssertions.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code host}. */
final class HostCaveatTest {
    @ParameterizedTest
    @CsvSource({
        "api.github.com, api.github.com",
        "localhost, localhost",
        "127.0.0.1, 127.0.0.1",
        "127.0.0.1:8080, 127.0.0.1:8080",
        "*.example.com, a.example.com",
        "*.example.com, a.b.c.example.com",
        "*.example.com, xn--bcher-kva.example.com",
        "*.example.com:8443, a.example.com:8443",
        "a.test:80, a.test:80",
        "_dmarc.a-b.test, _dmarc.a-b.test",
    })
    void covers(String pattern, String authority) {
        assertReads("host = " + pattern);
        assertClears("host = " + pattern, access("GET https://" + authority + "/"));
    }

    @ParameterizedTest
    @CsvSource({
        "*.example.com, example.com",
        "*.example.com, badexample.com",
        "*.example.com, example.com.evil.test",
        "*.example.com, a.example.com:8443",
        "*.example.com:8443, a.example.com",
        "*.example.com, a.example.co",
        "example.com, a.example.com",
        "example.com, example.com:444",
        "example.com:444, example.com",
        "example.com:444, example.com:4444",
        "127.0.0.1, 127.0.0.10",
        "a.b, a-b",
    })
    void does_not_cover(String pattern, String authority) {
        assertProhibits("host = " + pattern, access("GET https://" + authority + "/"));
    }

    @Test
    void a_list_clears_when_any_entry_does() {
        String hosts = "host = *.example.com,example.com,b.test:8443";
        assertReads(hosts);
        assertClears(hosts, access("GET https://example.com/"));
        assertClears(hosts, access("GET https://a.example.com/"));
        assertClears(hosts, access("GET https://b.test:8443/"));
        assertProhibits(hosts, access("GET https://b.test/"));
    }

    @ParameterizedTest
    @CsvSource({
        "API.github.com, 8",
        "api.Github.com, 12",
        "*, 8",
        "*., 10",
        "*.*.example.com, 10",
        "a.*.com, 10",
        "*example.com, 8",
        "a*.example.com, 9",
        "**.example.com, 8",
        ".example.com, 8",
        "example.com., 20",
        "example..com, 16",
        "-a.test, 8",
        "a-.test, 9",
        "*.a-.test, 11",
        "a.test:443, 14",
        "*.a.test:443, 16",
        "a.test:0, 15",
        "a.test:, 15",
        "a.test:080, 15",
        "a.test:+80, 15",
        "a.test:65536, 19",
        "a.test:99999999999, 19",
        "a.test:80:80, 17",
        "a.test:8 0, 16",
        "a.test/, 14",
        "https://a.test, 13",
        "user@a.test, 12",
        "a.test?x, 14",
        "[::1], 8",
        "::1, 8",
        "a%2etest, 9",
        "a\\test, 9",
        "b\u00fccher.test, 9",
        "a\uff0etest, 9",
        "a\u3002test, 9",
        "\u212aubernetes.io, 8",
        "127.1, 13",
        "1, 9",
        "2130706433, 18",
        "0x7f.1, 8",
        "127.0.0.0x1, 16",
        "010.0.0.1, 8",
        "256.0.0.1, 10",
        "1.2.3.4.5, 15",
        "*.0.0.1, 15",
        "*.10.0.0.1, 10",
    })
    void is_not_a_host(String host, int column) {
        assertRefused("host = " + host, column);
    }

    @ParameterizedTest
    @CsvSource({"'a.test,', 15", "',a.test', 8", "'a.test,,b.test', 15", "'a.test, b.test', 15", "'a.test,a.test', 15"})
    void a_list_has_no_empty_entry_and_none_twice(String list, int column) {
        assertRefused("host = " + list, column);
    }

    @Test
    void labels_have_63_characters_and_names_253() {
        String label = "a".repeat(63);
        assertReads("host = " + label + ".test");
        assertRefused("host = a" + label + ".test", 8);
        String name = (label + ".").repeat(3) + "a".repeat(61);
        assertThat(name).hasSize(253);
        assertReads("host = " + name);
        assertRefused("host = " + name + "a", 8 + 253);
    }

    @Test
    void a_caveat_that_is_built_can_be_read_again() throws CaveatSyntaxException {
        HostPattern host = HostPattern.parse("a.test");
        assertThat(new HostCaveat(List.of(host)).predicate()).isEqualTo("host = a.test");
        assertThatThrownBy(() -> new HostCaveat(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HostCaveat(List.of(host, host))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HostPattern("A.test", false, 443)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HostPattern("a.test,b.test", false, 443))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HostPattern("a.test", false, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new HostPattern("a.test", false, 65536)).isInstanceOf(IllegalArgumentException.class);
        HostPattern first = HostPattern.parse("a".repeat(63) + "." + "b".repeat(63) + "." + "c".repeat(63));
        List<HostPattern> tooMany = List.of(
                first,
                new HostPattern(first.name(), true, 443),
                new HostPattern(first.name(), false, 1),
                new HostPattern(first.name(), false, 2),
                new HostPattern(first.name(), false, 3),
                new HostPattern(first.name(), false, 4));
        assertThatThrownBy(() -> new HostCaveat(tooMany)).hasMessage("a caveat has at most 1024 bytes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"API.GitHub.com", "api.github.com.", "api.github.com"})
    void the_case_and_the_final_dot_of_the_upstream_do_not_matter(String host) throws CaveatSyntaxException {
        assertClears("host = api.github.com", to(host));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "api.github.com..",
                "*.github.com",
                "api.github.com:443",
                "api.github.com:80",
                "\u212aubernetes.io",
                "api.github.com\u0000.evil.test",
                "api.github.com\n",
                " api.github.com",
                "api\u3002github.com",
                "a\u017f.test",
            })
    void an_upstream_that_is_not_one_plain_name_is_refused(String host) {
        assertThatThrownBy(() -> to(host)).isInstanceOf(CaveatSyntaxException.class);
    }

    private static Access to(String host) throws CaveatSyntaxException {
        return Access.to(
                InstantSource.fixed(NOW), new Audience("gateway.local"), "GET", host, 443, RequestPath.parse("/user"));
    }
}
