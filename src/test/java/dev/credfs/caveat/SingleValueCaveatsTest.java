package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.NOW;
import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertClears;
import static dev.credfs.caveat.CaveatAssertions.assertProhibits;
import static dev.credfs.caveat.CaveatAssertions.assertReads;
import static dev.credfs.caveat.CaveatAssertions.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code jti}, {@code aud}, {@code method}, {@code max-calls} and {@code pad}. */
final class SingleValueCaveatsTest {
    private static final Access ACCESS = access("GET https://api.github.com/user");
    private static final String ULID = "01KX3V5J8QZ0M2N4P6R8S0T2V4";

    @ParameterizedTest
    @ValueSource(strings = {ULID, "00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"})
    void a_token_id_prohibits_nothing(String ulid) {
        assertReads("jti = " + ulid);
        assertClears("jti = " + ulid, ACCESS);
    }

    @ParameterizedTest
    @CsvSource({
        "01KX3V5J8QZ0M2N4P6R8S0T2V, 32",
        "01KX3V5J8QZ0M2N4P6R8S0T2V45, 33",
        "8ZZZZZZZZZZZZZZZZZZZZZZZZZ, 7",
        "01kx3v5j8qz0m2n4p6r8s0t2v4, 9",
        "01KX3V5J8QZ0M2N4P6R8S0T2VI, 32",
        "01KX3V5J8QZ0M2N4P6R8S0T2VL, 32",
        "01KX3V5J8QZ0M2N4P6R8S0T2VO, 32",
        "01KX3V5J8QZ0M2N4P6R8S0T2VU, 32",
        "01KX3V5J-8QZ0M2N4P6R8S0T2V, 15",
        "\uff101KX3V5J8QZ0M2N4P6R8S0T2V4, 7",
    })
    void is_not_a_token_id(String ulid, int column) {
        assertRefused("jti = " + ulid, column);
        assertThatThrownBy(() -> new TokenId(ulid)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void fresh_token_ids_begin_with_their_millisecond_and_differ() {
        RandomGenerator random = new SecureRandom();
        Set<TokenId> seen = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            TokenId id = TokenId.fresh(NOW, random);
            assertThat(id.ulid()).startsWith("01KDYAJY80").hasSize(26);
            assertReads(id.predicate());
            assertThat(seen.add(id)).isTrue();
        }
    }

    @Test
    void token_ids_sort_by_time() {
        RandomGenerator random = new SecureRandom();
        assertThat(TokenId.fresh(Instant.EPOCH, random).ulid()).startsWith("0000000000");
        assertThat(TokenId.fresh(NOW, random).ulid())
                .isLessThan(TokenId.fresh(NOW.plusMillis(1), random).ulid());
        // the largest time of the ULID specification
        assertThat(TokenId.fresh(Instant.ofEpochMilli((1L << 48) - 1), random).ulid())
                .startsWith("7ZZZZZZZZZ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gateway.local", "https://gateway.local:8443/", "A_b-9"})
    void an_audience_is_a_name_or_an_address(String name) {
        assertReads("aud = " + name);
    }

    @Test
    void an_audience_is_compared_exactly() {
        assertClears("aud = gateway.local", ACCESS);
        for (String other : List.of("gateway.loca", "gateway.local2", "Gateway.local", "gateway.local.", "local")) {
            assertProhibits("aud = " + other, ACCESS);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'gateway.local ', 20",
        "'gateway.local,other', 20",
        "gateway local, 14",
        "*, 7",
        "g*, 8",
        "g\u0430teway, 8",
        "gateway\u00a0, 14",
        "a%41, 8",
        "a@b, 8",
        "'\"a\"', 7",
    })
    void is_not_an_audience(String name, int column) {
        assertRefused("aud = " + name, column);
        assertThatThrownBy(() -> new Audience(name)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void an_audience_has_at_most_255_characters() {
        assertReads("aud = " + "a".repeat(255));
        assertRefused("aud = " + "a".repeat(256), 262);
    }

    @ParameterizedTest
    @CsvSource({
        "GET, true",
        "'GET,HEAD', true",
        "'HEAD,GET', true",
        "HEAD, false",
        "POST, false",
        "GE, false",
        "GETS, false"
    })
    void a_method_is_compared_exactly(String methods, boolean clears) {
        assertReads("method = " + methods);
        if (clears) {
            assertClears("method = " + methods, ACCESS);
        } else {
            assertProhibits("method = " + methods, ACCESS);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "get, 10",
        "Get, 11",
        "'GET,head', 14",
        "'GET, HEAD', 14",
        "GET HEAD, 13",
        "'GET,', 14",
        "',GET', 10",
        "'GET,,HEAD', 14",
        "'GET,GET', 14",
        "*, 10",
        "-GET, 10",
        "GET1, 13",
        "G\u0415T, 11",
        "\uff27ET, 10",
        "GET;HEAD, 13",
        "GET|HEAD, 13",
    })
    void is_not_a_list_of_methods(String methods, int column) {
        assertRefused("method = " + methods, column);
    }

    @Test
    void a_method_has_at_most_32_characters() {
        assertReads("method = " + "A".repeat(32));
        assertRefused("method = " + "A".repeat(33), 42);
        assertThatThrownBy(() -> new MethodCaveat(List.of("A".repeat(33))))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new MethodCaveat(List.of("get"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new MethodCaveat(List.of("GET,HEAD"))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new MethodCaveat(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new MethodCaveat(List.of("GET", "GET"))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "20", "1000000000"})
    void a_verifier_that_does_not_count_refuses_max_calls(String calls) {
        assertReads("max-calls = " + calls);
        assertProhibits("max-calls = " + calls, ACCESS);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 13",
        "01, 13",
        "-1, 13",
        "+1, 13",
        "1.0, 14",
        "1e3, 14",
        "0x10, 13",
        "'1,000', 14",
        "1_000, 14",
        "1000000001, 22",
        "99999999999999999999, 22",
        "\u0661, 13",
        "\uff11, 13",
        "one, 13",
    })
    void is_not_a_number_of_calls(String calls, int column) {
        assertRefused("max-calls = " + calls, column);
    }

    @Test
    void padding_prohibits_nothing_and_is_as_long_as_it_says() {
        assertClears("pad = x", ACCESS);
        assertThat(new Pad(5).predicate()).isEqualTo("pad = xxxxx");
        assertThat(new Pad(1018).predicate()).hasSize(1024);
        assertThatThrownBy(() -> new Pad(1019)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Pad(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"X, 7", "xxxy, 10", "xx x, 9", "0, 7", "\u0445, 7"})
    void is_not_padding(String pad, int column) {
        assertRefused("pad = " + pad, column);
    }
}
