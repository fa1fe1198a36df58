package dev.credfs.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class StrictBase64Test {
    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** RFC 4648 §10, without its padding. */
    @ParameterizedTest
    @CsvSource({"'',''", "f,Zg", "fo,Zm8", "foo,Zm9v", "foob,Zm9vYg", "fooba,Zm9vYmE", "foobar,Zm9vYmFy"})
    void matches_the_vectors_of_its_standard(String bytes, String text) {
        assertThat(StrictBase64.encode(ascii(bytes))).isEqualTo(ascii(text));
        assertThat(StrictBase64.decode(ascii(text))).isEqualTo(ascii(bytes));
    }

    @Test
    void every_string_of_one_and_two_bytes_has_exactly_one_spelling() {
        Map<String, byte[]> spellings = new HashMap<>();
        for (int first = 0; first < 256; first++) {
            spellings.put(spell((byte) first), new byte[] {(byte) first});
            for (int second = 0; second < 256; second++) {
                spellings.put(spell((byte) first, (byte) second), new byte[] {(byte) first, (byte) second});
            }
        }
        assertThat(spellings).hasSize(256 + 65536);

        byte[] text = new byte[2];
        for (int first = 0; first < 256; first++) {
            for (int second = 0; second < 256; second++) {
                text[0] = (byte) first;
                text[1] = (byte) second;
                assertDecodesOnlyTo(spellings, text);
            }
        }
        // three characters of 256 each would be 16 million: all of the alphabet, its neighbours and what JDK decoders
        // skip
        byte[] three = new byte[3];
        byte[] alphabet =
                ascii("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n\r\t\u0000.,\u00e9");
        for (byte first : alphabet) {
            for (byte second : alphabet) {
                for (byte third : alphabet) {
                    three[0] = first;
                    three[1] = second;
                    three[2] = third;
                    assertDecodesOnlyTo(spellings, three);
                }
            }
        }
    }

    private static String spell(byte... bytes) {
        return new String(StrictBase64.encode(bytes), StandardCharsets.ISO_8859_1);
    }

    private static void assertDecodesOnlyTo(Map<String, byte[]> spellings, byte[] text) {
        byte[] expected = spellings.get(new String(text, StandardCharsets.ISO_8859_1));
        byte[] decoded;
        try {
            decoded = StrictBase64.decode(text);
        } catch (IllegalArgumentException e) {
            decoded = null;
        }
        if (!Arrays.equals(decoded, expected)) {
            assertThat(decoded).as(Arrays.toString(text)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "A",
                "AAAAA",
                "Zh",
                "Zm9",
                "Zg==",
                "Zm8=",
                "=",
                "====",
                "Zm9v\n",
                "\nZm9v",
                "Zm\n9v",
                " Zm9v",
                "Zm9v ",
                "Zm+v",
                "Zm/v",
                "Zm9v\u0000",
                "Zm9v\u00e9",
                "Zm9v.",
                "Zm9v,",
                "Zg\r\n"
            })
    void is_not_the_one_spelling_of_any_bytes(String text) {
        assertThatThrownBy(() -> StrictBase64.decode(ascii(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("Zm", "Zg", "Zh");
    }

    @ParameterizedTest
    @CsvSource({
        "Zg==, remove the padding",
        "Zm+v, other alphabet",
        "Zm/v, other alphabet",
        "'Zm9v\n', remove the white space"
    })
    void the_usual_mistakes_are_named(String text, String hint) {
        assertThatThrownBy(() -> StrictBase64.decode(ascii(text))).hasMessageContaining(hint);
    }
}
