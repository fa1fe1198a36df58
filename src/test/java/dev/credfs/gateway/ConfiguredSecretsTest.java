package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.crypto.SecretBytes;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a configuration cannot say (row 68). */
final class ConfiguredSecretsTest {
    private static final Upstream UPSTREAM = Upstream.parse("https://api.example.com", false, List.of());

    private static Route route(String credential, Placement placement) {
        return new Route(
                "api",
                UPSTREAM,
                new Credential.Fixed(placement, SecretBytes.copyOf(credential.getBytes(StandardCharsets.ISO_8859_1))),
                Identity.ByToken.usual(),
                false,
                true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "secret\r\nX-Admin: 1",
                "secret123\n",
                "\rsecret123",
                "sec ret123",
                "secret\t123",
                "secret\u0000123",
                "s\u00e9cret123",
                "short"
            })
    void credentialThatWouldEndItsHeaderIsRefusedAndNotQuoted(String credential) {
        assertThatThrownBy(() -> route(credential, new Placement.Bearer()))
                .isInstanceOf(IllegalArgumentException.class)
                .message()
                .doesNotContain("sec");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"X-Key\r\nX-Admin", "X Key", "Host", "Content-Length", "Connection", "X-Forwarded-For:", ""})
    void headerThatCannotCarryACredentialIsRefused(String name) {
        assertThatThrownBy(() -> new Placement.Header(name, "")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void publicListenerNeedsToBeCalledUnsafe() {
        InetSocketAddress everywhere = new InetSocketAddress("0.0.0.0", 8181);
        assertThatThrownBy(() -> new GatewayConfig.Listener.Tcp(everywhere, false))
                .hasMessage("0.0.0.0 is not a loopback address");
        assertThat(new GatewayConfig.Listener.Tcp(everywhere, true).describe()).isEqualTo("0.0.0.0:8181");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ftp://api.example.com",
                "https://user@api.example.com",
                "https://api.example.com/?q",
                "https://api.example.com/#f",
                "https://*.example.com",
                "https://API.example.com",
                "https://api.example.com/a/../b",
                "api.example.com",
                "https://"
            })
    void upstreamIsOneHostAndNothingElse(String url) {
        assertThatThrownBy(() -> Upstream.parse(url, false, List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
