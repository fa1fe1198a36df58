package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.gateway.Credential;
import dev.credfs.gateway.Placement;
import dev.credfs.gateway.Protocol;
import dev.credfs.gateway.Route;
import dev.credfs.policy.Executable;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is behind a preset: real requests that it lets through and refuses, and what it cannot be made to say. */
final class PresetsTest {
    private static final Path VECTORS = Path.of("src/test/resources/dev/credfs/cli/presets");
    private static final Path PAGE = Path.of("src/docs/configuration.md");

    private static Configuration.FileDefinition file(String keys) throws ConfigurationException {
        return ConfigurationReader.read(
                        """
                        mount: /run/credfs/m
                        audience: gateway.local
                        masters: { m: { file: m.macaroon } }
                        tree:
                          d:
                            allow: [{ any: true }]
                            f: { master: m, %s }
                        """.replace("%s", keys), Path.of("/etc/credfs/credfs.yaml"), path -> new Executable(path, 1, 1))
                .files()
                .get(0);
    }

    private static List<String> caveats(String keys) throws ConfigurationException {
        return file(keys).caveats().stream().map(Caveat::predicate).toList();
    }

    @TestFactory
    Stream<DynamicTest> everyRequestOfAVectorIsAllowedOrRefusedAsItSays() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path vector : vectors()) {
            List<String> lines = Files.readAllLines(vector);
            for (String line : lines.subList(1, lines.size())) {
                tests.add(DynamicTest.dynamicTest(vector.getFileName() + " " + line, () -> check(lines.get(0), line)));
            }
        }
        return tests.stream();
    }

    private static List<Path> vectors() throws IOException {
        try (Stream<Path> files = Files.list(VECTORS)) {
            return files.sorted().toList();
        }
    }

    private static void check(String preset, String line) throws ConfigurationException, CaveatSyntaxException {
        String verdict = line.substring(0, line.indexOf(": "));
        Access access = Access.parse(
                line.substring(verdict.length() + 2),
                InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")),
                new Audience("gateway.local"));
        boolean clear = file(preset).caveats().stream()
                .allMatch(caveat -> caveat.prohibits(access).isEmpty());
        assertThat(verdict).isEqualTo(clear ? "allows" : "refuses");
    }

    @Test
    void everyPresetOfAFileHasAVectorThatAllowsAndOneThatRefuses() throws IOException {
        Set<String> shown = new TreeSet<>();
        for (Path vector : vectors()) {
            String text = Files.readString(vector);
            assertThat(text).startsWith("preset: ").contains("\nallows: ").contains("\nrefuses: ");
            for (String name : Presets.builtIn().files().keySet()) {
                if (text.startsWith("preset: " + name + "\n") || text.startsWith("preset: { " + name + ": ")) {
                    shown.add(name);
                }
            }
        }
        assertThat(shown).isEqualTo(new TreeSet<>(Presets.builtIn().files().keySet()));
    }

    @Test
    void whatIsWrittenComesOverThePreset() throws ConfigurationException {
        assertThat(caveats("preset: { github-read: acme/site }, host: github.example.com, ttl: 1m"))
                .containsExactly(
                        "aud = gateway.local",
                        "host = github.example.com",
                        "method = GET,HEAD",
                        "path = /repos/acme/site/**");
        assertThat(caveats("preset: { github-read: acme/site }, method: GET, path: /user"))
                .containsExactly("aud = gateway.local", "host = api.github.com", "method = GET", "path = /user");
        assertThat(file("preset: { github-read: acme/site }").preset()).isEqualTo("{ github-read: acme/site }");
    }

    @Test
    void aFileLikeAnotherHasItsPreset() throws ConfigurationException {
        Configuration configuration =
                ConfigurationReader.read("""
                mount: /run/credfs/m
                audience: gateway.local
                masters: { m: { file: m.macaroon } }
                tree:
                  d:
                    allow: [{ any: true }]
                    a: { master: m, preset: { github-git-read: acme/site } }
                    b: { like: a, template: git-config }
                    c: { like: a, preset: { github-git-write: acme/site } }
                """, Path.of("/etc/credfs/credfs.yaml"), path -> new Executable(path, 1, 1));
        List<Configuration.FileDefinition> files = configuration.files();
        assertThat(files.get(1).caveats()).isEqualTo(files.get(0).caveats());
        assertThat(files.get(2).caveats().get(3).predicate()).contains("/acme/site.git/git-receive-pack");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "preset: github-raed                      | 7:29: no preset 'github-raed'; did you mean 'github-read'?",
                "preset: { github-raed: acme/site }       | 7:31: no preset 'github-raed'; did you mean 'github-read'?",
                "preset: github-read                      | 7:29: preset 'github-read' is for one or more: write '{ github-read: owner/name }'",
                "preset: { openai: acme }                 | 7:31: preset 'openai' takes no name: write 'preset: openai'",
                "preset: { github-read: acme }            | 7:44: expected owner/name, not 'acme'",
                "preset: { github-read: { a: b } }        | 7:44: expected one value for 'github-read'",
                "preset: { github-read: [] }              | 7:29: 'preset' names a preset",
                "preset: [github-read]                    | 7:29: expected keys and values for preset",
                "preset: {}                               | 7:29: 'preset' names a preset",
                "preset: { github-read: a/b, github-write: a/c } | 7:49: 'github-write' and the preset before it differ in 'method'",
                "preset: { github-read: a/b, gitlab-read: 1 } | 7:49: 'gitlab-read' and the preset before it differ in 'host'",
            })
    void aPresetThatCannotBeMeantIsAnErrorWithItsPlace(String keys, String message) {
        assertThatThrownBy(() -> file(keys))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith(message);
    }

    /** A name is what its service can have as one, and never more than its pattern's segments. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "github-read: acme/site/../../user",
                "github-read: acme/..",
                "github-read: acme/.",
                "github-read: ../acme",
                "github-read: acme//site",
                "github-read: /acme/site",
                "github-read: acme/site/",
                "github-read: acme/**",
                "github-read: '*/*'",
                "github-read: '*/site'",
                "github-read: acme/si*",
                "github-read: '**'",
                "github-read: 'acme/site /user'",
                "github-read: acme/site%2f",
                "github-read: acme/site?x",
                "github-read: 'acme/si${name}'",
                "github-read: \"acme/site\\n\"",
                "github-git-read: acme/site.git",
                "gitlab-git-read: site",
                "gitlab-git-read: acme/*/site",
                "gitlab-git-read: acme/../site",
                "gitlab-read: acme/site",
                "gitlab-read: '0'",
                "gitlab-read: '*'",
                "npm-publish: '@acme%2fsite'",
                "npm-publish: '@acme'",
                "npm-publish: '*'",
                "npm-publish: '-/whoami'",
                "npm-publish: '@acme/site/-rev'",
                "npm-publish: acme/site",
                "npm-publish: Site",
                "oci-push: Acme/app",
                "oci-push: acme/app/",
                "oci-push: acme/../app",
                "oci-push: acme/app:latest",
            })
    void aNameThatCouldSayMoreIsRefused(String preset) {
        assertThatThrownBy(() -> file("preset: { " + preset + " }"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("7:")
                .hasMessageContaining(": expected ");
    }

    @Test
    void moreNamesThanACaveatHoldsAreRefused() {
        StringBuilder names = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            names.append(i == 0 ? "" : ", ").append("acme/repository").append(i);
        }
        assertThatThrownBy(() -> file("preset: { github-git-write: [" + names + "] }"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("longer than 1024 bytes");
    }

    @TempDir
    private Path directory;

    private Route route(String keys) throws Exception {
        Path home = directory.resolve("home");
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        if (!Files.exists(home)) {
            assertThat(Main.run(
                            new String[] {"init", home.toString()},
                            new ByteArrayInputStream(new byte[0]),
                            nowhere,
                            nowhere))
                    .isZero();
            Files.writeString(home.resolve("secret"), "0123456789\n");
            Files.setPosixFilePermissions(home.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
        }
        Path config = home.resolve("credfs.yaml");
        Files.writeString(config, """
                audience: gateway.local
                gateway:
                  socket: gate/gateway.sock
                  keys: { github: root.key }
                  routes:
                    r: { %s }
                """.replace("%s", keys));
        return GatewayReader.read(config, false, PipedCredentials.none(), new Identities())
                .config()
                .routes()
                .get(0);
    }

    private static Placement placement(Route route) {
        return ((Credential.Fixed) route.credential()).placement();
    }

    @Test
    void aRouteSaysWhereItsCredentialComesFromAndThePresetTheRest() throws Exception {
        Route git = route("preset: github-git, credential: { file: secret }");
        assertThat(git.upstream()).hasToString("https://github.com");
        assertThat(git.upstream().protocol()).isEqualTo(Protocol.GIT);
        assertThat(placement(git)).isEqualTo(new Placement.Basic("x-access-token"));
        assertThat(route("preset: github-git-read, credential: { file: secret }"))
                .isEqualTo(git);
        assertThat(placement(route("preset: anthropic, credential: { file: secret }")))
                .isEqualTo(new Placement.Header("X-Api-Key", ""));
        assertThat(route("preset: npm, credential: { file: secret }").upstream().protocol())
                .isEqualTo(Protocol.NPM);
    }

    @Test
    void everyPresetOfARouteIsOne() throws Exception {
        for (String name : Presets.builtIn().routes().keySet()) {
            assertThat(route("preset: " + name + ", credential: { file: secret }")
                            .upstream()
                            .tls())
                    .isTrue();
        }
        for (String name : Presets.builtIn().files().keySet()) {
            route("preset: " + name + ", credential: { file: secret }");
        }
    }

    @Test
    void whatIsWrittenInARouteComesOverThePreset() throws Exception {
        Route route = route("preset: gitlab-git, upstream: 'https://git.example.com/x', protocol: http,"
                + " credential: { bearer: { file: secret } }, websocket: true");
        assertThat(route.upstream()).hasToString("https://git.example.com/x");
        assertThat(route.upstream().protocol()).isEqualTo(Protocol.HTTP);
        assertThat(placement(route)).isEqualTo(new Placement.Bearer());
        assertThat(route.webSocket()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "preset: { github-git-read: a/b }, credential: { file: secret } | 6:18: the preset of a route is one name, without repositories: write 'preset: github-git'",
                "preset: [npm], credential: { file: secret }     | 6:18: the preset of a route is one name, without repositories: write 'preset: github-git'",
                "preset: githup, credential: { file: secret }    | 6:18: no preset 'githup' for a route; did you mean 'github'?",
                "preset: github                                  | 6:8: the key 'credential' is missing",
                "preset: github, credential: { file: secret, stdin: x } | 6:38: the value of a credential comes from one of",
                "preset: github, credential: { fiel: secret }    | 6:40: unknown key 'fiel'",
                "preset: { github: x }, credential: { file: secret } | 6:18: the preset of a route is one name, without repositories: write 'preset: github'",
                "preset: github, protocol: gti, credential: { file: secret } | 6:36: no protocol 'gti'; did you mean 'git'?",
            })
    void aRouteThatCannotBeMeantIsAnErrorWithItsPlace(String keys, String message) {
        assertThatThrownBy(() -> route(keys))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("credfs.yaml:" + message);
    }

    /** What {@code check} says of a file with these keys, and of a route. */
    private String said(String keys, String... options) throws Exception {
        route("preset: github-git, credential: { file: secret }");
        Path home = directory.resolve("home");
        Files.writeString(home.resolve("credfs.yaml"), """
                mount: m
                audience: gateway.local
                masters: { github: { file: github.macaroon } }
                tree: { f: { master: github, allow: [{ any: true }], %s } }
                gateway:
                  socket: gate/gateway.sock
                  keys: { github: root.key }
                  routes: { r: { preset: github-git-read, credential: { file: secret } } }
                """.replace("%s", keys));
        List<String> arguments = new ArrayList<>(
                List.of("check", "--config", home.resolve("credfs.yaml").toString()));
        arguments.addAll(List.of(options));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        assertThat(Main.run(arguments.toArray(new String[0]), new ByteArrayInputStream(new byte[0]), print, print))
                .as(out.toString(StandardCharsets.UTF_8))
                .isZero();
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void checkSaysWhatIsBehindAPreset() throws Exception {
        String file = "/f: preset { github-git-read: acme/site }: aud = gateway.local; host = github.com;"
                + " method = GET,POST; path = /acme/site/info/refs /acme/site/git-upload-pack"
                + " /acme/site.git/info/refs /acme/site.git/git-upload-pack";
        String route = "route r: { upstream: https://github.com, protocol: git,"
                + " credential: { basic: { login: x-access-token, file: secret } } }";
        assertThat(said("preset: { github-git-read: acme/site }"))
                .contains("  " + file + "\n", "  " + route + "\n")
                .doesNotContain("git needs", "git begins");
        assertThat(said("preset: { github-git-read: acme/site }", "--json"))
                .contains("\"presets\":[\"" + file + "\",\"" + route + "\"]");
    }

    @Test
    void checkWarnsOfATokenThatGitCanDoNothingWith() throws Exception {
        assertThat(said("preset: { github-git-read: acme/site }, method: [GET, HEAD]"))
                .contains("git needs the methods GET and POST, not GET and HEAD alone");
        assertThat(said("host: github.com, path: /acme/site/git-upload-pack"))
                .contains("git begins with 'REPOSITORY/info/refs', which is not in 'path'")
                .doesNotContain("git needs");
        assertThat(said("host: github.com, path: [/acme/site/git-upload-pack, /acme/site/info/**], method: GET"))
                .contains("git needs the methods GET and POST, not GET alone")
                .doesNotContain("git begins");
    }

    @Test
    void everyPresetIsOnThePageAsItIs() throws IOException {
        List<String> rows = new ArrayList<>();
        Presets.builtIn().files().forEach((name, preset) -> {
            String takes = preset.takes().map(Presets.Name::form).orElse("–");
            String path = Presets.flow(preset.keys().get("path").orElseThrow());
            rows.add("| `" + name + "` | " + takes + " | `" + preset.route() + "` | "
                    + Presets.flow(preset.keys().get("method").orElseThrow()).replaceAll("[\\[\\]]", "") + " | `"
                    + path.substring(1, path.length() - 1).replace(", ", "` `").replace("${name}", "NAME") + "` |");
        });
        List<String> page = Files.readAllLines(PAGE);
        assertThat(page).containsAll(rows);
        List<String> routes = new ArrayList<>();
        Presets.builtIn()
                .routes()
                .forEach((name, keys) -> routes.add("| `" + name + "` | `"
                        + Presets.flow(keys.get("upstream").orElseThrow()) + "` | `"
                        + Presets.flow(keys.get("credential").orElseThrow()) + "` | "
                        + keys.get("protocol")
                                .map(value -> "`" + Presets.flow(value) + "`")
                                .orElse("–") + " |"));
        assertThat(page).containsAll(routes);
    }
}
