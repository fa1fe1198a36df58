package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.credfs.mint.Format;
import dev.credfs.policy.Executable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The page about the configuration tells of every key and of no other; every example in the documentation is read. */
final class ConfigurationDocumentationTest {
    private static final Path PAGE = Path.of("src/docs/configuration.md");
    private static final Pattern FIRST_CELL = Pattern.compile("\\| `([^`]+)` \\|");
    private static final Pattern YAML = Pattern.compile("(?ms)^```yaml\n(.*?)^```$");

    private static List<String> keys(String section) {
        return switch (section) {
            case "The top" -> ConfigurationReader.TOP_KEYS;
            case "Masters" -> ConfigurationReader.MASTER_KEYS;
            case "The tree" -> ConfigurationReader.FILE_KEYS;
            case "Trust files" -> ConfigurationReader.TRUST_KEYS;
            case "Rules" -> ConfigurationReader.RULE_KEYS;
            case "The gateway" -> GatewayReader.KEYS;
            case "Routes" -> GatewayReader.ROUTE_KEYS;
            default -> throw new IllegalArgumentException(section);
        };
    }

    @ParameterizedTest
    @CsvSource({"The top", "Masters", "The tree", "Trust files", "Rules", "The gateway", "Routes"})
    void everyKeyIsOnThePage(String section) throws IOException {
        assertThat(firstColumn(section, "key")).containsExactlyInAnyOrderElementsOf(keys(section));
    }

    @Test
    void everyClientClassIsOnThePage() throws IOException {
        List<String> classes = new ArrayList<>();
        for (ClientClass client : ClientClass.values()) {
            classes.add(client.key());
        }
        assertThat(firstColumn("The tree", "`client`")).containsExactlyInAnyOrderElementsOf(classes);
    }

    @Test
    void everyTemplateIsOnThePage() throws IOException {
        List<String> templates = new ArrayList<>(List.of("custom"));
        for (Format format : Format.values()) {
            templates.add(format.key());
        }
        assertThat(firstColumn("Templates", "`template`")).containsExactlyInAnyOrderElementsOf(templates);
    }

    @Test
    void everyKindOfCredentialIsOnThePageWithItsKeys() throws IOException {
        String page = Files.readString(PAGE);
        assertThat(firstColumn("Routes", "kind"))
                .containsExactlyInAnyOrderElementsOf(GatewayReader.CREDENTIAL_KEYS.keySet());
        GatewayReader.CREDENTIAL_KEYS.forEach((kind, keys) ->
                assertThat(page).contains("\n| `" + kind + "` | `" + String.join("`, `", keys) + "` |"));
        assertThat(page).contains("`" + String.join("` and `", GatewayReader.ANONYMOUS_KEYS) + "`");
    }

    /** What stands first in the rows of the table of {@code section} whose head begins with {@code head}. */
    private static List<String> firstColumn(String section, String head) throws IOException {
        List<String> cells = new ArrayList<>();
        boolean inSection = false;
        boolean inTable = false;
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("## ")) {
                inSection = line.equals("## " + section);
            } else if (inSection && line.startsWith("| " + head + " |")) {
                inTable = true;
            } else if (!line.startsWith("|")) {
                inTable = false;
            } else if (inSection && inTable) {
                Matcher cell = FIRST_CELL.matcher(line);
                if (cell.lookingAt()) {
                    cells.add(cell.group(1));
                }
            }
        }
        return cells;
    }

    @Test
    void everyExampleOfAGatewayIsRead(@TempDir Path directory) throws Exception {
        Path home = directory.resolve("home");
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        assertThat(Main.run(new String[] {"init", home.toString()}, InputStream.nullInputStream(), nowhere, nowhere))
                .isZero();
        Path credential = home.resolve("github.credential");
        Files.writeString(credential, "0123456789\n");
        Files.setPosixFilePermissions(credential, PosixFilePermissions.fromString("rw-------"));
        List<String> gateways = examples().stream()
                .filter(yaml -> yaml.contains("\ngateway:\n"))
                .toList();
        assertThat(gateways).isNotEmpty();
        for (String yaml : gateways) {
            Files.writeString(home.resolve("credfs.yaml"), yaml);
            assertThat(GatewayReader.read(home.resolve("credfs.yaml"), false, PipedCredentials.none(), new Identities())
                            .config()
                            .routes())
                    .isNotEmpty();
        }
    }

    private static List<String> examples() throws IOException {
        List<String> examples = new ArrayList<>();
        try (Stream<Path> docs = Files.walk(Path.of("src/docs"))) {
            for (Path document : Stream.concat(Stream.of(Path.of("README.md")), docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .toList()) {
                Matcher blocks = YAML.matcher(Files.readString(document));
                while (blocks.find()) {
                    if (blocks.group(1).startsWith("mount:")) {
                        examples.add(blocks.group(1));
                    }
                }
            }
        }
        return examples;
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleIsRead(String yaml) {
        assertThatCode(() -> ConfigurationReader.read(
                        yaml, Path.of("/etc/credfs/credfs.yaml"), path -> new Executable(path, 1, 1)))
                .doesNotThrowAnyException();
    }
}
