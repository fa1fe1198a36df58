package dev.credfs.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class KeyFileTest {
    /** The bytes 0x00 to 0x1f. */
    private static final String KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    private static final String LINE = "credfs-root-key-1:" + KEY + "\n";

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void reads_and_prints_the_published_form() {
        SecretBytes key = KeyFile.parse(bytes(LINE));
        byte[] revealed = key.revealCopy();
        for (int i = 0; i < 32; i++) {
            assertThat(revealed[i]).isEqualTo((byte) i);
        }
        assertThat(KeyFile.print(key)).isEqualTo(bytes(LINE));
    }

    @Test
    void the_final_newline_may_be_missing() {
        assertThat(KeyFile.parse(bytes(LINE.trim()))).isEqualTo(KeyFile.parse(bytes(LINE)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\n",
                KEY,
                "credfs-root-key-1",
                "credfs-root-key-1:",
                "credfs-root-key-1:\n",
                "credfs-root-key-2:" + KEY,
                "CREDFS-ROOT-KEY-1:" + KEY,
                "credfs-root-key-1: " + KEY,
                " credfs-root-key-1:" + KEY,
                "\ufeffcredfs-root-key-1:" + KEY,
                "credfs-root-key-1:" + KEY + " ",
                "credfs-root-key-1:" + KEY + "\n\n",
                "credfs-root-key-1:" + KEY + "\r\n",
                "credfs-root-key-1:" + KEY + "=",
                "credfs-root-key-1:" + KEY + "A",
                "credfs-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9",
                "credfs-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg",
                "credfs-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
                "credfs-root-key-1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\ncredfs-root-key-1:AAECAwQF\n",
                "AgETaHR0cDovL2V4YW1wbGUub3JnLwIFa2V5aWQAAAYgfN7nklEcW8b1KEhYBd_psk54XijiqZMB-dcRxgnjjvc",
            })
    void anything_else_is_refused_and_nothing_of_it_is_quoted(String content) {
        assertThatThrownBy(() -> KeyFile.parse(bytes(content)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasNoCause()
                .message()
                .doesNotContain("AAEC", "AgET", "Hh8", "\n");
    }

    @Test
    void what_is_not_a_root_key_is_told_by_name() {
        assertThatThrownBy(() -> KeyFile.parse(bytes("AgET")))
                .hasMessage("not a root key: it must begin with 'credfs-root-key-1:'");
        assertThatThrownBy(() -> KeyFile.parse(bytes("credfs-root-key-1:AAAA")))
                .hasMessage("a root key has 32 bytes, this one has 3");
    }

    @Test
    void only_a_key_of_32_bytes_is_printed() {
        assertThatThrownBy(() -> KeyFile.print(SecretBytes.copyOf(new byte[31])))
                .hasMessage("a root key has 32 bytes, this one has 31");
    }
}
