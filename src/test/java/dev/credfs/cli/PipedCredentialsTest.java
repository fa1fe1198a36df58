package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.gateway.Credential;
import dev.credfs.gateway.Route;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Credentials of the gateway that come through stdin. */
final class PipedCredentialsTest {
    private static final String TWO = """
                one: { upstream: 'https://a.test', credential: { bearer: { stdin: github } } }
                two: { upstream: 'https://b.test', credential: { header: { name: X-Api-Key, stdin: other } } }
            """;

    @TempDir
    private Path directory;

    private Path home;

    @BeforeEach
    void makeKey() {
        home = directory.resolve("home");
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        assertThat(Main.run(new String[] {"init", home.toString()}, InputStream.nullInputStream(), nowhere, nowhere))
                .isZero();
    }

    private GatewayReader.Section read(String routes, String stdin) throws Exception {
        Path config = home.resolve("gateway.yaml");
        Files.writeString(
                config,
                "audience: gateway.local\ngateway:\n  listen: 127.0.0.1:0\n  keys: { github: root.key }\n  routes:\n"
                        + routes);
        return GatewayReader.read(
                config,
                false,
                new PipedCredentials(new ByteArrayInputStream(stdin.getBytes(StandardCharsets.ISO_8859_1))),
                new Identities());
    }

    private static String credential(Route route) {
        return new String(((Credential.Fixed) route.credential()).secret().revealCopy(), StandardCharsets.US_ASCII);
    }

    @Test
    void eachNameGetsItsLineWhateverItsOrderAndSigns() throws Exception {
        GatewayReader.Section section = read(TWO, "other=sk-12345=678==\ngithub=ghp_0123456789");
        assertThat(credential(section.config().routes().get(0))).isEqualTo("ghp_0123456789");
        assertThat(credential(section.config().routes().get(1))).isEqualTo("sk-12345=678==");
    }

    @Test
    void stdinIsLeftAloneWhereNoCredentialComesFromIt() throws Exception {
        Files.writeString(home.resolve("secret"), "ghp_0123456789\n");
        Files.setPosixFilePermissions(home.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
        String route = "    one: { upstream: 'https://a.test', credential: { bearer: { file: secret } } }\n";
        assertThat(read(route, "not=read").config().routes()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "\"\", is empty",
                "\"github=ghp_0123456789\", has no line 'other=",
                "\"github=ghp_0123456789\nother=sk-12345678\nthird=x\", has 1 more line than",
                "\"github=ghp_0123456789\n\nother=sk-12345678\", line 2 is not NAME=VALUE",
                "\"ghp_0123456789\", line 1 is not NAME=VALUE",
                "\"ghp/0123456789==\", line 1 is not NAME=VALUE",
                "\"github=ghp_0123456789\ngithub=ghp_0123456789\", line 2 gives a name a second value",
                "\"github=ghp_0123456789\r\nother=sk-12345678\", a credential is visible ASCII",
                "\"github=short\nother=sk-12345678\", a credential has 8 to 4096 bytes"
            })
    void whatIsNotOneLineForEachNameIsRefusedWithoutAValue(String stdin, String why) {
        assertThatThrownBy(() -> read(TWO, stdin))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining(why)
                .hasMessageNotContaining("0123456789")
                .hasMessageNotContaining("12345678");
    }

    @Test
    void endlessStdinIsRefused() {
        assertThatThrownBy(() -> read(TWO, "x".repeat(70_000))).hasMessageContaining("holds more than 65536 bytes");
    }

    @Test
    void valueHasOneSource() {
        for (String source : new String[] {"", "file: f, stdin: s"}) {
            assertThatThrownBy(() -> read(
                            "    one: { upstream: 'https://a.test', credential: { bearer: { " + source + " } } }\n",
                            "s=x"))
                    .hasMessageContaining("comes from one of file, stdin");
        }
    }
}
