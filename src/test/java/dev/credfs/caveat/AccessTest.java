package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.NOW;
import static dev.credfs.caveat.CaveatAssertions.access;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An access as a person writes it. */
final class AccessTest {
    @ParameterizedTest
    @CsvSource({
        "GET https://api.github.com/user, api.github.com, 443, /user",
        "GET https://api.github.com, api.github.com, 443, /",
        "POST https://a.test:8443/x/, a.test, 8443, /x/",
        "GET https://a.test/x?y=/../%2e&z, a.test, 443, /x",
        "GET https://a.test/?, a.test, 443, /",
        "GET http://a.test/x, a.test, 80, /x",
        "GET http://a.test:8080, a.test, 8080, /",
    })
    void is_read(String text, String host, int port, String path) {
        Access access = access(text);
        assertThat(access.host()).isEqualTo(host);
        assertThat(access.port()).isEqualTo(port);
        assertThat(access.path()).hasToString(path);
        assertThat(access.now()).isEqualTo(NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "'', 1",
        "GET, 1",
        "https://a.test/, 1",
        "GET a.test/, 5",
        "GET ftp://a.test/, 5",
        "GET http://A.test/, 12",
        "GET HTTPS://a.test/, 5",
        "'GET  https://a.test/', 5",
        "' GET https://a.test/', 2",
        "get https://a.test/, 1",
        "'GET\thttps://a.test/', 1",
        "GET https:///, 13",
        "GET https://A.test/, 13",
        "GET https://*.a.test/, 13",
        "GET https://a.test:443/, 19",
        "GET https://u:p@a.test/, 15",
        "GET https://a.test\\@b.test/, 19",
        "GET https://a.test?x, 19",
        "GET https://a.test?x=/y, 19",
        "GET https://a.test#/y, 19",
        "GET https://a.test/a/../b, 22",
        "GET https://a.test/a#b, 21",
        "'GET https://a.test/ HTTP/1.1', 20",
        "'GET https://a.test/?x HTTP/1.1', 22",
        "'GET https://a.test/?x\n', 22",
        "GET https://a.test/?x#y, 22",
    })
    void is_refused_with_the_column(String text, int column) {
        assertThatThrownBy(() -> Access.parse(text, InstantSource.fixed(NOW), new Audience("gateway.local")))
                .isInstanceOfSatisfying(
                        CaveatSyntaxException.class, e -> assertThat(e.column()).isEqualTo(column));
    }

    @Test
    void prints_as_a_caveat_would_write_it() {
        assertThat(access("GET https://a.test/x?y")).hasToString("GET https://a.test/x");
        assertThat(access("GET https://a.test:8443")).hasToString("GET https://a.test:8443/");
        assertThat(access("GET http://a.test/x?y")).hasToString("GET http://a.test/x");
        assertThat(access("GET http://a.test:8080")).hasToString("GET http://a.test:8080/");
    }
}
