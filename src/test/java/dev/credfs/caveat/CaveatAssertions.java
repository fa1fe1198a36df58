package dev.credfs.caveat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;

/** What the tests of the single caveats share: an access, and how they put a question to a caveat. */
final class CaveatAssertions {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:00Z");

    private CaveatAssertions() {}

    /** An attempt at {@link #NOW} before the verifier {@code gateway.local}. */
    static Access access(String request) {
        return access(request, NOW);
    }

    static Access access(String request, Instant now) {
        try {
            return Access.parse(request, InstantSource.fixed(now), new Audience("gateway.local"));
        } catch (CaveatSyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static Caveat parsed(String predicate) {
        try {
            return Caveat.parse(predicate);
        } catch (CaveatSyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static void assertClears(String predicate, Access access) {
        assertThat(parsed(predicate).prohibits(access)).isEmpty();
    }

    static void assertProhibits(String predicate, Access access) {
        assertThat(parsed(predicate).prohibits(access))
                .hasValueSatisfying(
                        prohibition -> assertThat(prohibition.caveat()).isEqualTo(predicate));
    }

    /** The text has one spelling, and it is the one that was read. */
    static void assertReads(String predicate) {
        assertThat(parsed(predicate).predicate()).isEqualTo(predicate);
    }

    /** A person is told the text and the column; a macaroon that holds it never clears. */
    static void assertRefused(String predicate, int column) {
        assertThatThrownBy(() -> Caveat.parse(predicate))
                .isInstanceOfSatisfying(
                        CaveatSyntaxException.class, e -> assertThat(e.column()).isEqualTo(column))
                .hasMessageStartingWith("column " + column + ": ")
                .hasMessageContaining("'" + beginning(predicate))
                .message()
                .matches("[ -~]+");

        Caveat read = Caveat.read(predicate.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOf(Unrecognized.class);
        assertThat(read.prohibits(access("GET https://api.github.com/user"))).isPresent();
    }

    private static String beginning(String predicate) {
        int end = 0;
        while (end < Math.min(predicate.length(), 80) && predicate.charAt(end) >= ' ' && predicate.charAt(end) <= '~') {
            end++;
        }
        return predicate.substring(0, end);
    }
}
