package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.caveat.TokenId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FormatTest {
    private static final Map<String, String> FIXED =
            Map.of("login", "robot", "variable", "GH_TOKEN", "exec-version", "v1");

    private static String rendered(Format format, String... hosts) throws TemplateSyntaxException {
        byte[] content = Template.parse(format.text(List.of(hosts)), FIXED)
                .render(
                        "TOKEN".getBytes(StandardCharsets.US_ASCII),
                        new TokenId("01KX0000000000000000000000"),
                        Instant.parse("2026-01-02T03:04:05Z"));
        return new String(content, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void linesEndWithOneNewlineAndRawWithNone(Format format) throws Exception {
        String content = rendered(format, "example.com");

        assertThat(content).doesNotEndWith("\n\n").doesNotContain("${", "\r");
        assertThat(content.endsWith("\n")).isEqualTo(format != Format.RAW);
    }

    @ParameterizedTest
    @EnumSource(Format.class)
    void everyHostIsNamedWhereHostsAre(Format format) throws Exception {
        if (format.namesHosts() && !format.namesOneHost()) {
            assertThat(rendered(format, "a.example", "b.example:8443")).contains("a.example", "b.example");
        } else if (!format.namesHosts()) {
            assertThat(rendered(format, "a.example", "b.example")).isEqualTo(rendered(format));
        }
        assertThat(format.key())
                .isEqualTo(format.key().toLowerCase(java.util.Locale.ROOT))
                .doesNotContain("_");
    }

    @Test
    void writesWhatItsClientReads() throws Exception {
        assertThat(rendered(Format.HEADER)).isEqualTo("Authorization: Bearer TOKEN\n");
        assertThat(rendered(Format.CURLRC)).isEqualTo("header = \"Authorization: Bearer TOKEN\"\n");
        assertThat(rendered(Format.NETRC, "a.example:8443"))
                .as("a netrc knows no ports")
                .isEqualTo("machine a.example\nlogin robot\npassword TOKEN\n");
        assertThat(rendered(Format.GIT_CREDENTIALS, "a.example:8443"))
                .isEqualTo("https://robot:TOKEN@a.example:8443\n");
        assertThat(rendered(Format.GIT_CONFIG, "a.example"))
                .isEqualTo("[http \"https://a.example/\"]\n\textraHeader = Authorization: Basic cm9ib3Q6VE9LRU4=\n");
        assertThat(rendered(Format.NPMRC, "a.example:8443")).isEqualTo("//a.example:8443/:_authToken=TOKEN\n");
        assertThat(rendered(Format.ENV)).isEqualTo("GH_TOKEN=TOKEN\n");
        assertThat(rendered(Format.JSON))
                .isEqualTo("{\"token\":\"TOKEN\",\"token_type\":\"Bearer\",\"expires_at\":\"2026-01-02T03:04:05Z\"}\n");
        assertThat(rendered(Format.KUBE_EXEC)).contains("client.authentication.k8s.io/v1\"", "\"token\":\"TOKEN\"");
    }
}
