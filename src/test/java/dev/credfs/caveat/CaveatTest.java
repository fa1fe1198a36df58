package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.NOW;
import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertReads;
import static dev.credfs.caveat.CaveatAssertions.assertRefused;
import static dev.credfs.caveat.CaveatAssertions.parsed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What holds for every caveat: spelling, length, characters, and that what is not understood prohibits. */
final class CaveatTest {
    private static final String HEX = "0123456789abcdef".repeat(4);

    static List<String> oneOfEach() {
        return List.of(
                "jti = 01KX3V5J8QZ0M2N4P6R8S0T2V4",
                "aud = gateway.local",
                "host = api.github.com,*.example.com:8443",
                "method = GET,HEAD",
                "path = /repos/acme/** /user",
                "container = " + HEX,
                "client-ip = 10.0.0.0/8,192.168.1.7/32",
                "max-calls = 20",
                "pad = xxxx",
                "time > 2026-01-02T03:03:35Z",
                "time < 2026-01-02T03:04:05Z",
                "time-before 2026-01-02T03:04:05.123456789+01:00");
    }

    @ParameterizedTest
    @MethodSource("oneOfEach")
    void prints_as_it_was_read(String predicate) {
        assertReads(predicate);
        assertThat(Caveat.read(predicate.getBytes(StandardCharsets.US_ASCII))).isEqualTo(parsed(predicate));
        assertThat(parsed(predicate)).isEqualTo(parsed(predicate)).hasSameHashCodeAs(parsed(predicate));
    }

    @ParameterizedTest
    @MethodSource("oneOfEach")
    void white_space_is_single_blanks_between_the_three_parts(String predicate) {
        int key = predicate.indexOf(' ');
        assertRefused(" " + predicate, 1);
        assertRefused("\t" + predicate, 1);
        assertRefused(predicate.replaceFirst(" ", "\t"), key + 1);
        assertRefused(predicate.replaceFirst(" ", "\u00a0"), key + 1);
        assertThatThrownBy(() -> Caveat.parse(predicate.replaceFirst(" ", ""))).hasMessageStartingWith("column ");
        assertThatThrownBy(() -> Caveat.parse(predicate.replaceFirst(" ", "  ")))
                .hasMessageStartingWith("column ");
        assertThatThrownBy(() -> Caveat.parse(predicate + " ")).hasMessageStartingWith("column ");
        assertRefused(predicate + "\n", predicate.length() + 1);
        assertRefused(predicate + "\r\n", predicate.length() + 1);
        assertRefused(predicate + "\u0000", predicate.length() + 1);
        assertRefused(predicate + "\u2028", predicate.length() + 1);
    }

    @ParameterizedTest
    @MethodSource("oneOfEach")
    void keys_are_lower_case_and_known(String predicate) {
        String key = predicate.substring(0, predicate.indexOf(' '));
        assertRefused(predicate.replaceFirst(key, Scan.toLower(key).toUpperCase(java.util.Locale.ROOT)), 1);
        assertRefused("x" + predicate, 1);
        // the Cyrillic a, the Kelvin sign, a full-width letter: they only look like a key
        assertRefused("\u0430" + predicate, 1);
        assertRefused("\u212a" + predicate, 1);
        assertRefused("\uff41" + predicate, 1);
    }

    @ParameterizedTest
    @MethodSource("oneOfEach")
    void operators_do_not_stand_for_one_another(String predicate) {
        int key = predicate.indexOf(' ');
        String value = predicate.substring(predicate.lastIndexOf(' ') + 1);
        for (String operator : List.of("==", "!=", ":", "in", ">=", "<=", "\uff1d")) {
            String changed = predicate.substring(0, key) + " " + operator + " " + value;
            assertThatThrownBy(() -> Caveat.parse(changed)).isInstanceOf(CaveatSyntaxException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("oneOfEach")
    void a_value_is_never_empty(String predicate) {
        int value = predicate.startsWith("time-before")
                ? "time-before ".length()
                : predicate.indexOf(' ', predicate.indexOf(' ') + 1) + 1;
        assertRefused(predicate.substring(0, value), value + 1);
        assertThatThrownBy(() -> Caveat.parse(predicate.substring(0, value - 1)))
                .hasMessageStartingWith("column ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "account = 3735928559", "jti=x", "aud", "=", "time", "true", "\u00e9 = 1"})
    void an_unknown_caveat_prohibits(String text) {
        Caveat read = Caveat.read(text.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOf(Unrecognized.class);
        assertThat(read.prohibits(access("GET https://api.github.com/user")))
                .hasValueSatisfying(why -> assertThat(why.why()).startsWith("not understood: "));
    }

    @ParameterizedTest
    @CsvSource({"aud,4,'aud = '", "host,5,'host = '", "time,5,'time < '", "max-calls,10,'max-calls = '"})
    void a_known_key_without_its_operator_is_told_the_form(String key, int column, String form) {
        assertThatThrownBy(() -> Caveat.parse(key)).hasMessageStartingWith("column " + column + ": expected ");
        assertThatThrownBy(() -> Caveat.parse(key)).hasMessageContaining("'" + form + "'");
    }

    @Test
    void an_unknown_key_is_told_the_known_ones() {
        assertThatThrownBy(() -> Caveat.parse("hosts = a"))
                .hasMessage(
                        "column 1: no such caveat; there are: jti aud host method path container client-ip max-calls"
                                + " pad time time-before: 'hosts = a'");
    }

    @Test
    void a_predicate_has_at_most_1024_bytes() {
        assertReads("pad = " + "x".repeat(1018));
        assertRefused("pad = " + "x".repeat(1019), 1025);
        assertRefused("path = /" + "a".repeat(1017), 1025);
    }

    @Test
    void what_is_shown_of_a_hostile_predicate_is_one_line_of_ascii() {
        byte[] hostile = "aud = \u001b[2Jx\n\u009bcredfs: verified\u00e9".getBytes(StandardCharsets.ISO_8859_1);
        Caveat read = Caveat.read(hostile);

        assertThat(read.predicate().getBytes(StandardCharsets.ISO_8859_1)).isEqualTo(hostile);
        assertThat(read.printable()).matches("[ -~]+").startsWith("aud = \\u001b[2Jx\\u000a\\u009b");
        assertThat(read.prohibits(access("GET https://a/")))
                .hasValueSatisfying(
                        prohibition -> assertThat(prohibition.toString()).matches("[ -~]+"));
    }

    @Test
    void a_long_text_is_cut_in_its_message() {
        assertThatThrownBy(() -> Caveat.parse("aud = " + "a".repeat(300)))
                .hasMessageStartingWith("column 262: ")
                .hasMessageEndingWith("'aud = " + "a".repeat(74) + "...'");
    }

    /** Mutations of what is right come closer to the edges than random text does. */
    @Test
    void whatever_parses_prints_the_same_and_never_throws() {
        SplittableRandom random = new SplittableRandom(20260102);
        String alphabet = "abz019ATZ =<>*/,.:-+%;\\_~@\n\t\u00a0\uff11\u212a2Fxe";
        Access access = access("GET https://api.github.com/repos/acme/x", NOW);
        int read = 0;
        for (int round = 0; round < 40_000; round++) {
            StringBuilder text =
                    new StringBuilder(oneOfEach().get(random.nextInt(oneOfEach().size())));
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                int at = random.nextInt(text.length());
                char c = alphabet.charAt(random.nextInt(alphabet.length()));
                switch (random.nextInt(3)) {
                    case 0 -> text.insert(at, c);
                    case 1 -> text.setCharAt(at, c);
                    default -> text.deleteCharAt(at);
                }
            }
            String predicate = text.toString();
            Caveat caveat = Caveat.read(predicate.getBytes(StandardCharsets.ISO_8859_1));
            if (!(caveat instanceof Unrecognized)) {
                assertThat(caveat.predicate()).isEqualTo(predicate);
                read++;
            }
            assertThatCode(() -> caveat.prohibits(access)).doesNotThrowAnyException();
        }
        assertThat(read).as("mutations that are caveats again").isGreaterThan(1_000);
    }
}
