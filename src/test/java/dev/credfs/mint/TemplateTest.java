package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.TokenId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TemplateTest {
    private static final TokenId ID = new TokenId("01KX0000000000000000000000");
    private static final Instant EXPIRY = Instant.parse("2026-01-02T03:04:05Z");

    private static String rendered(String template) throws TemplateSyntaxException {
        byte[] content = Template.parse(template, Map.of("login", "robot", "host", "example.com"))
                .render("TOKEN".getBytes(StandardCharsets.US_ASCII), ID, EXPIRY);
        return new String(content, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource({
        "${token},                              TOKEN",
        "a${token}b,                            aTOKENb",
        "${token}${token},                      TOKENTOKEN",
        "${login}@${host} ${token},             robot@example.com TOKEN",
        "${basic},                              cm9ib3Q6VE9LRU4=",
        "${token} ${expires},                   TOKEN 2026-01-02T03:04:05Z",
        "${token} ${expires_unix},              TOKEN 1767323045",
        "${jti}/${token},                       01KX0000000000000000000000/TOKEN",
        "$${token} ${token},                    ${token} TOKEN",
        "$ $$ $a { } ${token} $,                $ $$ $a { } TOKEN $",
        "'{\"a\":{\"b\":\"${token}\"}}',        '{\"a\":{\"b\":\"TOKEN\"}}'",
        "é ${token} €,                          é TOKEN €",
    })
    void rendersWhatStandsThere(String template, String content) throws Exception {
        assertThat(rendered(template)).isEqualTo(content);
    }

    @ParameterizedTest
    @CsvSource({
        "nothing,               1,  holds no '${token}'",
        "${host},               1,  holds no '${token}'",
        "$${token},             1,  holds no '${token}'",
        "ab${tokn},             3,  no placeholder 'tokn'",
        "${token}${TOKEN},      9,  no placeholder 'TOKEN'",
        "${token} ${ token },   10, no placeholder ' token '",
        "${token} ${},          10, no placeholder ''",
        "${token} ${variable},  10, no placeholder 'variable'",
        "${token} ${expires,    10, ",
    })
    void refusesWhatIsNone(String template, int column, String problem) {
        assertThatThrownBy(() -> rendered(template)).isInstanceOfSatisfying(TemplateSyntaxException.class, e -> {
            assertThat(e.column()).isEqualTo(column);
            assertThat(e).hasMessageContaining(problem == null ? "" : problem);
        });
    }

    @Test
    void valuesAreNotTemplatesThemselves() throws Exception {
        byte[] content = Template.parse("${login} ${token}", Map.of("login", "${jti}"))
                .render("${expires}".getBytes(StandardCharsets.US_ASCII), ID, EXPIRY);

        assertThat(new String(content, StandardCharsets.UTF_8)).isEqualTo("${jti} ${expires}");
    }
}
