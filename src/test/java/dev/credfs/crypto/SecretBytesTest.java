package dev.credfs.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import org.junit.jupiter.api.Test;

final class SecretBytesTest {
    private static final byte[] HUNTER2 = "hunter2".getBytes(StandardCharsets.US_ASCII);

    @Test
    void prints_its_length_and_nothing_else() {
        assertThat(SecretBytes.copyOf(HUNTER2)).hasToString("SecretBytes[7]");
    }

    @Test
    void is_copied_in_and_copied_out() {
        byte[] mine = HUNTER2.clone();
        SecretBytes secret = SecretBytes.copyOf(mine);
        mine[0] = 'X';
        secret.revealCopy()[1] = 'X';

        assertThat(secret.revealCopy()).isEqualTo(HUNTER2);
        assertThat(secret.lengthBytes()).isEqualTo(7);
    }

    @Test
    void equals_what_has_the_same_bytes() {
        SecretBytes secret = SecretBytes.copyOf(HUNTER2);
        assertThat(secret).isEqualTo(SecretBytes.copyOf(HUNTER2)).hasSameHashCodeAs(SecretBytes.copyOf(HUNTER2));
        assertThat(secret)
                .isNotEqualTo(SecretBytes.copyOf("hunter3".getBytes(StandardCharsets.US_ASCII)))
                .isNotEqualTo(SecretBytes.copyOf("hunter".getBytes(StandardCharsets.US_ASCII)))
                .isNotEqualTo(SecretBytes.copyOf(new byte[0]));
    }

    @Test
    void its_hash_code_tells_no_more_than_its_length() {
        assertThat(SecretBytes.copyOf(HUNTER2))
                .hasSameHashCodeAs(SecretBytes.copyOf("secrets".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void a_destroyed_secret_reveals_nothing() {
        SecretBytes secret = SecretBytes.copyOf(HUNTER2);
        secret.close();
        secret.close();

        assertThatThrownBy(secret::revealCopy).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(secret::fingerprint).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void a_destroyed_secret_equals_no_string_of_zeros() {
        SecretBytes secret = SecretBytes.copyOf(HUNTER2);
        SecretBytes other = SecretBytes.copyOf(HUNTER2);
        secret.close();
        assertThat(secret).isNotEqualTo(other).isNotEqualTo(SecretBytes.copyOf(new byte[HUNTER2.length]));
        other.close();
        assertThat(secret).isNotEqualTo(other);
        assertThat(SecretBytes.copyOf(new byte[HUNTER2.length])).isNotEqualTo(secret);
    }

    @Test
    void random_secrets_have_the_length_asked_for_and_differ() {
        SecureRandom random = new SecureRandom();
        assertThat(SecretBytes.random(32, random).lengthBytes()).isEqualTo(32);
        assertThat(SecretBytes.random(32, random)).isNotEqualTo(SecretBytes.random(32, random));
    }

    @Test
    void a_fingerprint_is_the_beginning_of_the_sha256() {
        // FIPS 180-2, appendix B.1
        assertThat(SecretBytes.copyOf("abc".getBytes(StandardCharsets.US_ASCII)).fingerprint())
                .hasToString("ba7816bf8f01cfea");
    }
}
