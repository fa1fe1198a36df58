package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.HostPattern;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.gateway.Credential;
import dev.credfs.gateway.GatewayConfig;
import dev.credfs.gateway.Identity;
import dev.credfs.gateway.Interception;
import dev.credfs.gateway.Placement;
import dev.credfs.gateway.Route;
import dev.credfs.policy.Failure;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the {@code gateway} section can say, and where it says what it cannot. */
final class GatewayReaderTest {
    @TempDir
    private Path directory;

    private Path home = Path.of("");
    private Path config = Path.of("");

    /** Root key, master and configuration as {@code init} writes them, and the credential that its route asks for. */
    @BeforeEach
    void initialise() throws Exception {
        home = directory.resolve("home");
        config = home.resolve("credfs.yaml");
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        assertThat(Main.run(
                        new String[] {"init", home.toString()},
                        new ByteArrayInputStream(new byte[0]),
                        nowhere,
                        nowhere))
                .isZero();
        credential("ghp_0123456789\n");
    }

    private void credential(String content) throws IOException {
        Path file = home.resolve("github.credential");
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    /** A configuration with these lines in its section, from line 3 on. */
    private GatewayReader.Section section(String lines) throws Exception {
        Files.writeString(config, "audience: gateway.local\ngateway:\n" + lines);
        return GatewayReader.read(config, false, PipedCredentials.none(), new Identities());
    }

    private static final String REST = """
              socket: gate/gateway.sock
              keys: { github: root.key }
              routes:
            """;

    private Route route(String text) throws Exception {
        return section(REST + "    github: { upstream: 'https://api.github.com', " + text + " }\n")
                .config()
                .routes()
                .get(0);
    }

    @Test
    void whatInitWritesIsServedOnceTheCredentialIsThere() throws Exception {
        GatewayReader.Section section = GatewayReader.read(config, false, PipedCredentials.none(), new Identities());
        assertThat(section.config().listeners())
                .containsExactly(new GatewayConfig.Listener.Unix(home.resolve("gate/gateway.sock")));
        assertThat(section.config().routes()).hasSize(1);
        assertThat(section.audit()).isEqualTo(home.resolve("gateway-audit.jsonl"));
        Files.delete(home.resolve("github.credential"));
        assertThatThrownBy(() -> GatewayReader.read(config, false, PipedCredentials.none(), new Identities()))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("credential " + home.resolve("github.credential") + ": no such file");
    }

    private Placement placement(String credential) throws Exception {
        return ((Credential.Fixed) route("credential: " + credential).credential()).placement();
    }

    @Test
    void credentialStandsWhereTheRouteSays() throws Exception {
        assertThat(placement("{ bearer: { file: github.credential } }")).isEqualTo(new Placement.Bearer());
        assertThat(placement("{ header: { name: X-Key, file: github.credential } }"))
                .isEqualTo(new Placement.Header("X-Key", ""));
        assertThat(placement("{ header: { name: X-Key, prefix: Key, file: github.credential } }"))
                .isEqualTo(new Placement.Header("X-Key", "Key "));
        assertThat(placement("{ basic: { login: git, file: github.credential } }"))
                .isEqualTo(new Placement.Basic("git"));
        assertThat(placement("{ query: { name: key, file: github.credential } }"))
                .isEqualTo(new Placement.Query("key"));
    }

    @Test
    void gatewayInterceptsWhereItIsSaid() throws Exception {
        assertThat(section(REST + routeLine("")).config().interception()).isEqualTo(new Interception.Off());
        assertThat(section("  intercept: {}\n" + REST + routeLine("")).config().interception())
                .isEqualTo(new Interception.On(home.resolve("gateway/ca.pem"), List.of(), false, false));
        assertThat(section("  state: s\n  intercept: { tunnel: any }\n" + REST + routeLine(""))
                        .config()
                        .interception())
                .isEqualTo(new Interception.On(home.resolve("s/ca.pem"), List.of(), true, false));
        assertThat(section("  intercept: { tunnel: [\"*.debian.org\", \"a.example:8443\"], private: true,"
                                + " certificate: pub/ca.pem }\n" + REST + routeLine(""))
                        .config()
                        .interception())
                .isEqualTo(new Interception.On(
                        home.resolve("pub/ca.pem"),
                        List.of(HostPattern.parse("*.debian.org"), HostPattern.parse("a.example:8443")),
                        false,
                        true));
    }

    private static String routeLine(String more) {
        return "    github: { upstream: 'https://api.github.com', credential: { bearer: { file: github.credential } }"
                + more + " }\n";
    }

    @Test
    void routeMayAskWhoItsPeerIs() throws Exception {
        Route route = section(REST
                        + routeLine(
                                ", identity: peer, allow: [{ container: 'agent-*', method: GET }], path: /repos/**"))
                .config()
                .routes()
                .get(0);
        assertThat(route.identity()).isInstanceOfSatisfying(Identity.ByPeer.class, peer -> {
            assertThat(peer.caveats()).extracting(Caveat::predicate).containsExactly("path = /repos/**");
            assertThat(peer.policy().rules()).hasSize(1);
        });
        assertThat(section(REST + routeLine(", identity: token"))
                        .config()
                        .routes()
                        .get(0)
                        .identity())
                .isEqualTo(Identity.ByToken.usual());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ", identity: uid | 'identity' is 'token' or 'peer', not 'uid'",
                ", identity: peer | the key 'allow' is missing",
                ", allow: [{ uid: 1 }] | 'allow' goes with 'identity: peer'",
                ", method: GET | 'method' goes with 'identity: peer'",
                ", identity: peer, allow: [{ uid: 1 }], token-header: X-A | 'token-header' goes with 'identity: token'",
                ", identity: peer, allow: [{ uid: 1, ttl: 5m }] | 'ttl' is of a token, and with 'identity: peer' there is none",
                ", identity: peer, allow: { uid: 1 } | 'allow' is a list of rules",
                ", identity: peer, allow: [{}] | a rule without conditions",
                ", intercept: maybe | 'intercept' is true or false, not 'maybe'"
            })
    void identityThatCannotBeMeantIsAnError(String keys, String message) {
        assertThatThrownBy(() -> section(REST + routeLine(keys)))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith(config + ":6:")
                .hasMessageContaining(message);
    }

    @Test
    void twoRoutesToOneUpstreamAreAnErrorUnlessOneKeepsOut() throws Exception {
        String routes = REST + routeLine("") + routeLine("").replace("github:", "other:");
        section(routes);
        String on = "  intercept: {}\n";
        assertThatThrownBy(() -> section(on + routes))
                .hasMessageStartingWith(config + ":8:5: route 'github' has the same upstream");
        section(on + routes.replaceFirst("credential: ", "intercept: false, credential: "));
        section(on + routes.replaceFirst("api.github.com", "api.github.com/v3"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "intercept: { tunel: any } | 3:16: unknown key 'tunel'; did you mean 'tunnel'?",
                "intercept: { tunnel: [] } | 3:24: an empty list for 'tunnel': leave the key out to allow no tunnel",
                "intercept: { tunnel: ['https://debian.org'] } | 3:30: a host has no scheme",
                "intercept: { tunnel: ANY } | 3:24: write host names in lower case",
                "intercept: { certificate: '' } | 3:29: expected a path",
                "intercept: yes | 3:14: expected keys and values for intercept: '{}' is enough"
            })
    void interceptionThatCannotBeMeantIsAnErrorWithItsPlace(String line, String message) {
        assertThatThrownBy(() -> section("  " + line.strip() + "\n" + REST + routeLine("")))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith(config + ":" + message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/nope.pem         | ca /nope.pem: no such file or directory",
                "root.key          | ca HOME/root.key: not certificates in PEM",
                "empty             | ca HOME/empty: holds no certificate",
                "root.key/nope.pem | ca HOME/root.key/nope.pem: not a directory",
            })
    void authoritiesThatCannotBeReadAreAnErrorWithTheirPlace(String file, String message) throws Exception {
        Files.createFile(home.resolve("empty"));
        assertThatThrownBy(() -> route("ca: " + file))
                .isInstanceOf(CommandException.class)
                .hasMessage(config + ":6:55: " + message.replace("HOME", home.toString()));
    }

    private List<String> warnings(String lines) throws Exception {
        Files.writeString(config, "audience: gateway.local\ngateway:\n" + lines);
        return GatewayReader.warnings(config);
    }

    @Test
    void directoriesThatNobodyMakesAreWarnedOf() throws Exception {
        assertThat(warnings(REST + routeLine(""))).isEmpty();
        assertThat(warnings("  intercept: { certificate: /nope/ca.pem }\n" + REST + routeLine("")))
                .containsExactly(config
                        + ":3:29: 'certificate' /nope/ca.pem: no directory /nope: make it before the gateway starts");
        assertThat(warnings("  state: /nope/st\n  intercept: {}\n" + REST + routeLine("")))
                .containsExactly(
                        config + ":3:10: 'state' /nope/st: no directory /nope: make it before the gateway starts");
        assertThat(warnings(REST.replace("gate/gateway.sock", "/nope/gate/gateway.sock") + routeLine("")))
                .containsExactly(
                        config
                                + ":3:11: 'socket' /nope/gate/gateway.sock: no directory /nope: make it before the gateway starts");
    }

    @Test
    void routeForPeersIsWarnedOfWhereNoneIsSeen() throws Exception {
        String routes = REST
                + routeLine("")
                + routeLine(", identity: peer, allow: [{ any: true }]").replace("hub:", "lab:");
        assertThat(warnings(routes)).isEmpty();
        assertThat(warnings(routes.replace("socket: gate/gateway.sock", "listen: 127.0.0.1:0")))
                .containsExactly(
                        config + ":7:5: route 'gitlab' refuses everybody: 'identity: peer' sees who connects by"
                                + " 'socket' alone, and there is none");
    }

    @Test
    void tunnelToAnUpstreamIsWarnedOf() throws Exception {
        String rest = " }\n" + REST + routeLine("");
        String said =
                "'api.github.com' is intercepted for route 'github' and never tunnelled: leave it out of 'tunnel'";
        assertThat(warnings("  intercept: { tunnel: api.github.com" + rest)).containsExactly(config + ":3:24: " + said);
        assertThat(warnings("  intercept: { tunnel: [debian.org, api.github.com]" + rest))
                .containsExactly(config + ":3:37: " + said);
        assertThat(warnings("  intercept: { tunnel: ['*.github.com', 'api.github.com:8443']" + rest))
                .isEmpty();
        assertThat(warnings("  intercept: { tunnel: api.github.com }\n" + REST + routeLine(", intercept: false")))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "  sockett: x                             | 3:3: unknown key 'sockett'; did you mean 'socket'?",
                "  socket: ''                             | 3:11: expected a path",
                "  listen: 0.0.0.0:8181                   | 3:11: listen: 0.0.0.0 is not a loopback address",
                "  listen: 192.168.1.2:8181               | 3:11: listen: 192.168.1.2 is not a loopback address",
                "  listen: gateway.local:8181             | 3:11: expected an address and a port",
                "  listen: 127.0.0.1                      | 3:11: expected an address and a port",
                "  listen: 127.0.0.1:70000                | 3:11: no such address or port",
                "  socket: a                              | 3:3: the key 'keys' is missing",
            })
    void sectionThatCannotBeMeantIsAnErrorWithItsPlace(String line, String message) {
        assertThatThrownBy(() -> section("  " + line.strip() + "\n"))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith(config + ":" + message)
                .extracting(e -> ((CommandException) e).failure())
                .isEqualTo(Failure.CONFIGURATION_INVALID);
    }

    @Test
    void keyOfAwsIsOneLineOfTwoOrThreeParts() throws Exception {
        credential("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG\n");
        assertThat(route("credential: { aws: { file: github.credential, region: eu-west-1, service: s3 } }")
                        .credential())
                .isEqualTo(Credential.Aws.parse(
                        SecretBytes.copyOf("AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG".getBytes(StandardCharsets.US_ASCII)),
                        "eu-west-1",
                        "s3"));
        assertThatThrownBy(() -> route("credential: { aws: { file: github.credential, region: EU } }"))
                .hasMessageContaining("a region and a service are lower-case letters");
        Files.writeString(config, Files.readString(config).replace("region: EU", "region: eu-west-1"));
        Files.delete(home.resolve("github.credential"));
        assertThat(GatewayReader.check(config)).containsExactly("github");
    }

    @Test
    void tokenServerAndWhatItIsAskedForAreOfTheRoute() throws Exception {
        String text =
                "credential: { oauth2: { token-url: 'https://id.example.com/token', client-id: me, file: github.credential,"
                        + " grant: refresh-token, client-secret: { file: github.credential }, client-auth: body, scope: read } }";
        Credential.OAuth2 read = (Credential.OAuth2) route(text).credential();
        assertThat(read.tokenServer().toString()).isEqualTo("https://id.example.com/token");
        assertThat(read.grant()).isEqualTo(Credential.OAuth2.Grant.REFRESH_TOKEN);
        assertThat(read.clientSecret()).contains(read.secret());
        assertThat(read.secretInBody()).isTrue();
        assertThat(read.placement()).isEqualTo(new Placement.Bearer());
        assertThatThrownBy(() -> route(text.replace("refresh-token", "password")))
                .hasMessageContaining("'grant' is client-credentials or refresh-token, not 'password'");
        assertThatThrownBy(() -> route(text.replace("https://id", "http://id")))
                .hasMessageContaining("a server that hands out tokens is asked by https://");
        assertThatThrownBy(() -> route(text.replace("refresh-token", "client-credentials")))
                .hasMessageContaining("the secret of the client is the value itself");
    }

    @Test
    void keyOfAnAppIsReadWhereItIsUsedAndNotByCheck() throws Exception {
        String text =
                "credential: { github-app: { app-id: 1, installation-id: 2, login: x-access-token, file: github.credential } }";
        assertThatThrownBy(() -> route(text))
                .hasMessageContaining("not a private key of RSA in PEM")
                .message()
                .doesNotContain("ghp_");
        assertThat(GatewayReader.check(config)).containsExactly("github");
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        credential("-----BEGIN PRIVATE KEY-----\n"
                + Base64.getMimeEncoder(64, new byte[] {'\n'})
                        .encodeToString(generator.generateKeyPair().getPrivate().getEncoded())
                + "\n-----END PRIVATE KEY-----\n");
        Credential.GithubApp app = (Credential.GithubApp) route(text).credential();
        assertThat(app.placement()).isEqualTo(new Placement.Basic("x-access-token"));
        assertThat(app.api().toString()).isEqualTo("https://api.github.com");
        assertThatThrownBy(() -> route(text.replace("installation-id: 2", "installation-id: acme")))
                .hasMessageContaining("an installation is a number");
    }

    @Test
    void routeThatTheGatewayAnswersItselfHasNoUpstream() throws Exception {
        String rest = REST + "    keys: { serve: aws-container-credentials }\n";
        assertThat(section(rest).config().routes().get(0).credential()).isEqualTo(new Credential.Placeholder());
        assertThatThrownBy(() -> section(rest.replace("aws-container-credentials", "keys")))
                .hasMessageContaining("6:20: 'serve' is aws-container-credentials, not 'keys'");
        assertThatThrownBy(() -> section(rest.replace("credentials }", "credentials, private: true }")))
                .hasMessageContaining("unknown key 'private'");
    }

    private static String withHeaders(String tokenHeader, String credentialHeader) {
        return REST + "    github:\n      upstream: https://api.github.com\n      token-header: " + tokenHeader
                + "\n      credential:\n        header: { name: " + credentialHeader + ", file: github.credential }\n";
    }

    @Test
    void routeThatCannotBeMeantIsAnErrorAtWhatIsWrongInIt() {
        assertThatThrownBy(() -> section(withHeaders("'X Token'", "X-Key")))
                .hasMessageStartingWith(config + ":8:21: not a header that can carry a token: X Token");
        assertThatThrownBy(() -> section(withHeaders("Host", "X-Key")))
                .hasMessageStartingWith(config + ":8:21: not a header that can carry a token: Host");
        assertThatThrownBy(() -> section(withHeaders("X-Token", "'X Key'")))
                .hasMessageStartingWith(config + ":10:9: not a header that can carry a credential: X Key");
        assertThatThrownBy(() -> {
                    credential("two words\n");
                    section(withHeaders("X-Token", "X-Key"));
                })
                .hasMessageStartingWith(config + ":10:9: a credential is visible ASCII");
    }

    @Test
    void checkReadsTheFormAndNeitherKeyNorCredential() throws Exception {
        assertThat(GatewayReader.check(config)).containsExactly("github");
        Files.delete(home.resolve("root.key"));
        Files.delete(home.resolve("github.credential"));
        assertThat(GatewayReader.check(config)).containsExactly("github");
        String text = Files.readString(config);
        Files.writeString(config, text.replace("socket:", "sockett:"));
        assertThatThrownBy(() -> GatewayReader.check(config))
                .hasMessageContaining("unknown key 'sockett'; did you mean 'socket'?");
        Files.writeString(config, text.substring(0, text.indexOf("\ngateway:") + 1));
        assertThat(GatewayReader.check(config)).isEmpty();
    }

    @Test
    void publicAddressIsServedWhereItIsCalledUnsafe() throws Exception {
        String rest = REST.replace("socket: gate/gateway.sock", "unsafe-listen: 0.0.0.0:8181")
                + "    github: { upstream: 'https://api.github.com', credential: { bearer: { file: github.credential } } }\n";
        assertThat(section(rest).config().listeners())
                .extracting(GatewayConfig.Listener::describe)
                .containsExactly("0.0.0.0:8181");
    }

    @Test
    void gatewayThatNobodyCouldReachOrThatServesNothingIsAnError() {
        assertThatThrownBy(
                        () -> section(
                                REST.replace("  socket: gate/gateway.sock\n", "")
                                        + "    github: { upstream: 'https://api.github.com', credential: { bearer: { file: github.credential } } }\n"))
                .hasMessageContaining("a gateway has at least one listener and one route");
        assertThatThrownBy(() -> section(REST.replace("routes:", "routes: {}")))
                .hasMessageContaining("a gateway has at least one listener and one route");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "credential: { bearer: { file: F }, basic: { login: a, file: F } } | a credential is one of bearer, header",
                "credential: { bearer: { file: F, name: X } }     | unknown key 'name'",
                "credential: { bearre: { file: F } }              | unknown key 'bearre'; did you mean 'bearer'?",
                "credential: { bearer: {} }                       | comes from one of file, stdin",
                "credential: { aws: { file: F } }                 | a key of AWS is one line",
                "credential: { aws: { file: F, login: x } }       | unknown key 'login'",
                "credential: { aws: { file: F, region: 'EU' } }   | a key of AWS is one line",
                "credential: { header: { name: Host, file: F } }  | not a header that can carry a credential: Host",
                "credential: { header: { name: 'X: a', file: F } } | not a header that can carry a credential",
                "credential: { basic: { login: 'a:b', file: F } } | a login is printable ASCII without ':'",
                "private: true                                    | the key 'credential' is missing",
                "private: yes, credential: { bearer: { file: F } } | 'private' is true or false",
                "credential: { bearer: { file: F } }, anonymous: { method: GET } | the key 'path' is missing",
                "credential: { bearer: { file: F } }, anonymous: { path: /x } | the key 'method' is missing",
                "credential: { bearer: { file: F } }, anonymous: { method: get, path: /x } | get",
            },
            quoteCharacter = '"')
    void routeThatCannotBeMeantIsAnErrorWithItsLine(String text, String why) {
        assertThatThrownBy(() -> route(text.replace("F", "github.credential")))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith(config + ":6:")
                .hasMessageContaining(why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ghp_0123456789\r\n",
                "ghp_0123456789\r\nX-Admin: 1\n",
                "ghp_0123456789\n\n",
                "ghp_01234\n56789",
                "ghp_0123456789 \n",
                "ghp_01\n"
            })
    void credentialThatIsNotOneLineIsRefusedAtLoadAndNotQuoted(String content) throws Exception {
        credential(content);
        assertThatThrownBy(() -> GatewayReader.read(config, false, PipedCredentials.none(), new Identities()))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith(config + ":")
                .hasMessageContaining("credential")
                .message()
                .doesNotContain("ghp_");
    }

    @Test
    void credentialAndKeyThatOthersCouldReadAreRefused() throws Exception {
        for (String name : new String[] {"github.credential", "root.key"}) {
            Files.setPosixFilePermissions(home.resolve(name), PosixFilePermissions.fromString("rw-r--r--"));
            assertThatThrownBy(() -> GatewayReader.read(config, false, PipedCredentials.none(), new Identities()))
                    .hasMessageContaining(home.resolve(name) + ": mode rw-r--r-- lets others in");
            Files.setPosixFilePermissions(home.resolve(name), PosixFilePermissions.fromString("rw-------"));
        }
    }

    @Test
    void configurationOfAGatewayAlonePassesCheckAndItsMistakesDoNot() throws Exception {
        String routes = REST + routeLine("");
        Files.writeString(config, "audience: gateway.local\ngateway:\n" + routes);
        assertThat(check()).isZero();
        Files.writeString(config, "audience: gateway.local\ngateway:\n  sockett: x\n" + routes);
        assertThat(check()).isEqualTo(8);
        Files.writeString(config, "audience: gateway.local\ntree: {}\ngateway:\n" + routes);
        assertThat(check()).isEqualTo(8);
    }

    private int check() {
        PrintStream nowhere = new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8);
        return Main.run(
                new String[] {"check", "--config", config.toString()},
                new ByteArrayInputStream(new byte[0]),
                nowhere,
                nowhere);
    }
}
