package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertClears;
import static dev.credfs.caveat.CaveatAssertions.assertProhibits;
import static dev.credfs.caveat.CaveatAssertions.assertReads;
import static dev.credfs.caveat.CaveatAssertions.assertRefused;
import static dev.credfs.caveat.CaveatAssertions.parsed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code time <}, {@code time >} and {@code time-before}. */
final class TimeCaveatsTest {
    private static final String LIMIT = "2026-01-02T03:04:05Z";

    private static Access at(String instant) {
        return access("GET https://api.github.com/user", Instant.parse(instant));
    }

    @ParameterizedTest
    @CsvSource({
        "1970-01-01T00:00:00Z, true",
        "2026-01-02T03:04:04Z, true",
        "2026-01-02T03:04:04.999999999Z, true",
        "2026-01-02T03:04:05Z, false",
        "2026-01-02T03:04:05.000000001Z, false",
        "2026-01-02T03:04:06Z, false",
        "+12026-01-02T03:04:06Z, false",
    })
    void an_expiry_ends_with_the_second_before(String now, boolean clears) {
        if (clears) {
            assertClears("time < " + LIMIT, at(now));
            assertClears("time-before " + LIMIT, at(now));
        } else {
            assertProhibits("time < " + LIMIT, at(now));
            assertProhibits("time-before " + LIMIT, at(now));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-0001-01-01T00:00:00Z, false",
        "2026-01-02T03:04:04.999999999Z, false",
        "2026-01-02T03:04:05Z, false",
        "2026-01-02T03:04:05.000000001Z, true",
        "2026-01-02T03:04:06Z, true",
    })
    void a_start_is_strict_too(String now, boolean clears) {
        if (clears) {
            assertClears("time > " + LIMIT, at(now));
        } else {
            assertProhibits("time > " + LIMIT, at(now));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "0000-01-01T00:00:00Z",
                "1969-12-31T23:59:59Z",
                "2024-02-29T00:00:00Z",
                "2000-02-29T23:59:59Z",
                "2026-12-31T23:59:59Z",
                "9999-12-31T23:59:59Z",
            })
    void existing_seconds_are_read(String time) {
        assertReads("time < " + time);
        assertReads("time > " + time);
        assertReads("time-before " + time);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-02-29T00:00:00Z",
                "2024-02-30T00:00:00Z",
                "1900-02-29T00:00:00Z",
                "2026-04-31T00:00:00Z",
                "2026-00-01T00:00:00Z",
                "2026-13-01T00:00:00Z",
                "2026-01-00T00:00:00Z",
                "2026-01-32T00:00:00Z",
                "2026-01-02T24:00:00Z",
                "2026-01-02T25:00:00Z",
                "2026-01-02T03:60:00Z",
                "2016-12-31T23:59:60Z",
                "2026-01-02T03:04:61Z",
            })
    void a_time_that_does_not_exist_is_refused(String time) {
        assertRefused("time < " + time, 8);
        assertRefused("time > " + time, 8);
        assertRefused("time-before " + time, 13);
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-02T03:04:05, 28",
        "2026-01-02T03:04:05z, 27",
        "2026-01-02t03:04:05Z, 18",
        "2026-01-02 03:04:05Z, 18",
        "2026-01-02T03:04:05.0Z, 27",
        "'2026-01-02T03:04:05,5Z', 27",
        "2026-01-02T03:04:05+00:00, 27",
        "2026-01-02T03:04:05-00:00, 27",
        "2026-01-02T03:04:05Z1, 28",
        "2026-01-02T03:04:05Z[UTC], 28",
        "2026-01-02T03:04Z, 24",
        "2026-1-02T03:04:05Z, 14",
        "02026-01-02T03:04:05Z, 12",
        "+2026-01-02T03:04:05Z, 8",
        "-2026-01-02T03:04:05Z, 8",
        "12026-01-02T03:04:05Z, 12",
        "26-01-02T03:04:05Z, 10",
        "20260102T030405Z, 12",
        "2026-W01-5T03:04:05Z, 13",
        "1767323045, 12",
        "now, 8",
        "\u0662026-01-02T03:04:05Z, 8",
        "\uff12026-01-02T03:04:05Z, 8",
    })
    void an_expiry_is_whole_seconds_of_utc_in_20_characters(String time, int column) {
        // the shorter ones end where the next character is missing
        String predicate = "time < " + time;
        assertRefused(predicate, Math.min(column, predicate.length() + 1));
        assertRefused("time > " + time, Math.min(column, predicate.length() + 1));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-01-02T03:04:05.1Z, 2026-01-02T03:04:05.100Z",
        "2026-01-02T03:04:05.123456789Z, 2026-01-02T03:04:05.123456789Z",
        "2026-01-02T03:04:05.000Z, 2026-01-02T03:04:05Z",
        "2026-01-02T03:04:05+01:00, 2026-01-02T02:04:05Z",
        "2026-01-02T03:04:05-11:30, 2026-01-02T14:34:05Z",
        "2026-01-02T03:04:05-00:00, 2026-01-02T03:04:05Z",
    })
    void the_go_form_has_fractions_and_offsets(String time, String end) {
        assertReads("time-before " + time);
        assertClears("time-before " + time, at(Instant.parse(end).minusNanos(1).toString()));
        assertProhibits("time-before " + time, at(end));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-01-02T03:04:05",
                "2026-01-02T03:04Z",
                "2026-01-02T03:04:05.Z",
                "2026-01-02T03:04:05.1234567890Z",
                "2026-01-02T03:04:05+0100",
                "2026-01-02T03:04:05+1:00",
                "2026-01-02T03:04:05+19:00",
                "2026-01-02T03:04:05+01:60",
                "2026-01-02T03:04:05Z Z",
                "+2026-01-02T03:04:05Z",
            })
    void the_go_form_is_rfc_3339_and_nothing_else(String time) {
        assertRefused("time-before " + time, 13);
    }

    @Test
    void an_expiry_is_built_from_whole_seconds_of_four_digit_years() {
        assertThat(new Expiry(Instant.parse("2026-01-02T03:04:05Z"))).isEqualTo(parsed("time < 2026-01-02T03:04:05Z"));
        assertThatThrownBy(() -> new Expiry(Instant.parse("2026-01-02T03:04:05.001Z")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NotBefore(Instant.parse("2026-01-02T03:04:05.000000001Z")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Expiry(Instant.MAX)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Expiry(Instant.parse("+10000-01-01T00:00:00Z")))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new NotBefore(Instant.parse("-0001-12-31T23:59:59Z")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
