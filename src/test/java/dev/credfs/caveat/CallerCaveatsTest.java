package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertClears;
import static dev.credfs.caveat.CaveatAssertions.assertProhibits;
import static dev.credfs.caveat.CaveatAssertions.assertReads;
import static dev.credfs.caveat.CaveatAssertions.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code container} and {@code client-ip}: who presents the token. */
final class CallerCaveatsTest {
    private static final String HEX = "0123456789abcdef".repeat(4);
    private static final Access UNSEEN = access("GET https://api.github.com/user");

    @Test
    void a_container_clears_for_a_presenter_that_is_seen_in_it() {
        String caveat = "container = " + HEX;
        assertClears(caveat, UNSEEN.fromContainer(new ContainerCaveat(HEX)));
        assertProhibits(caveat, UNSEEN.fromContainer(new ContainerCaveat("f".repeat(64))));
        assertProhibits(caveat, UNSEEN);
    }

    @ParameterizedTest
    @CsvSource({"-1, 76", "1, 77"})
    void a_container_has_64_digits(int more, int column) {
        assertRefused("container = " + (HEX + "0").substring(0, 64 + more), column);
    }

    @ParameterizedTest
    @ValueSource(strings = {"A", "g", " ", "\u0660", "\uff11", "-", "*", "/"})
    void a_container_is_lower_case_hex(String wrong) {
        assertRefused("container = " + wrong + HEX.substring(1), 13);
        assertRefused("container = " + HEX.substring(0, 63) + wrong, 76);
        assertThatThrownBy(() -> new ContainerCaveat(wrong + HEX.substring(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.0.0.0",
        "10.0.0.0/8, 10.255.255.255",
        "0.0.0.0/0, 255.255.255.255",
        "0.0.0.0/0, 0.0.0.0",
        "128.0.0.0/1, 200.1.2.3",
        "192.168.1.7/32, 192.168.1.7",
        "255.255.255.255/32, 255.255.255.255",
        "192.168.1.6/31, 192.168.1.7",
    })
    void a_block_covers(String block, String address) throws CaveatSyntaxException {
        assertReads("client-ip = " + block);
        assertClears("client-ip = " + block, UNSEEN.fromAddress(address));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 11.0.0.0",
        "10.0.0.0/8, 9.255.255.255",
        "128.0.0.0/1, 127.255.255.255",
        "192.168.1.7/32, 192.168.1.6",
        "192.168.1.6/31, 192.168.1.8",
        "0.0.0.0/32, 0.0.0.1",
    })
    void a_block_does_not_cover(String block, String address) throws CaveatSyntaxException {
        assertProhibits("client-ip = " + block, UNSEEN.fromAddress(address));
    }

    @Test
    void an_address_that_is_not_seen_is_in_no_block() {
        assertProhibits("client-ip = 0.0.0.0/0", UNSEEN);
    }

    @Test
    void a_list_clears_when_any_block_does() throws CaveatSyntaxException {
        String blocks = "client-ip = 10.0.0.0/8,192.168.0.0/16";
        assertReads(blocks);
        assertClears(blocks, UNSEEN.fromAddress("192.168.3.4"));
        assertProhibits(blocks, UNSEEN.fromAddress("192.169.0.1"));
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0, 21",
        "10.0.0.0/, 22",
        "10.0.0.0/33, 23",
        "10.0.0.0/08, 22",
        "10.0.0.0/00, 22",
        "10.0.0.0/-1, 22",
        "10.0.0.0/+8, 22",
        "10.0.0.0/8/8, 23",
        "10.0.0.0/255.0.0.0, 24",
        "10.0.0.1/8, 13",
        "192.168.1.7/31, 13",
        "010.0.0.0/8, 13",
        "10.00.0.0/8, 16",
        "10.0.0/8, 19",
        "10/8, 15",
        "10.0.0.0.0/8, 20",
        "256.0.0.0/8, 15",
        "10.0.0.-1/8, 20",
        "0x0a.0.0.0/8, 13",
        "10.0.0.*/8, 20",
        "167772160/8, 22",
        "::1/128, 16",
        "::ffff:10.0.0.0/104, 13",
        "\uff11\uff10.0.0.0/8, 13",
        "'10.0.0.0/8, 11.0.0.0/8', 24",
        "'10.0.0.0/8,', 24",
        "'10.0.0.0/8,10.0.0.0/8', 24",
    })
    void is_not_a_list_of_blocks(String blocks, int column) {
        assertRefused("client-ip = " + blocks, column);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "::1", "localhost", "1.2.3.4 "})
    void a_presenter_has_a_dotted_address(String address) {
        assertThatThrownBy(() -> UNSEEN.fromAddress(address)).isInstanceOf(CaveatSyntaxException.class);
    }

    @Test
    void an_ipv6_address_is_in_no_block() {
        byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
        assertThat(new Cidr(0, 0).covers(mapped)).isFalse();
        assertThat(new Cidr(0, 0).covers(new byte[0])).isFalse();
    }

    @Test
    void a_block_is_built_without_bits_beyond_its_prefix() {
        assertThat(new Cidr(0x0a000000, 8)).hasToString("10.0.0.0/8");
        assertThatThrownBy(() -> new Cidr(0x0a000001, 8)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Cidr(0, 33)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Cidr(0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ClientIp(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
