package dev.credfs.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.mint.Directory;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Slice;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Container;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Pid;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TrustFilesTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final String CERTIFICATE = """
                    -----BEGIN CERTIFICATE-----
                    MIIBlDCCATugAwIBAgIUOzyfqWv4gm+O+BlCRA1n0rW7PYEwCgYIKoZIzj0EAwIw
                    HzEdMBsGA1UEAwwUY3JlZGZzIGdhdGV3YXkubG9jYWwwIBcNMjYxMTI4MTQzNTAx
                    WhgPMjEyNjExMDQxNDM1MDFaMB8xHTAbBgNVBAMMFGNyZWRmcyBnYXRld2F5Lmxv
                    Y2FsMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsJv5eXQrjHQz5MfKtD0ItBc1
                    yiH2UvN79kA26VnyEGHIsBD0a7IfxUh61EfJOC4mIQWTySww4v0D6QDzOGYfsKNT
                    MFEwHQYDVR0OBBYEFPFzpDoPXLljUlyctxw7ZFURjOu1MB8GA1UdIwQYMBaAFPFz
                    pDoPXLljUlyctxw7ZFURjOu1MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID
                    RwAwRAIgXAzMMw9/j+KStSwDdMa4J8xCk3PYjU1Y+LbRNMPGLL8CIDw93OjrtiFl
                    Nh1mw2opQyXpoC6Bcj+5oXz9BbYDJaiQ
                    -----END CERTIFICATE-----
                    """;
    private static final String KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    private static final Caller SOMEBODY = new Caller(
            new Tid(7),
            new Pid(7),
            1,
            new Uid(1000),
            new Gid(1000),
            new Executable("/usr/bin/curl", 1, 2),
            "0::/\n",
            1,
            Container.HOST);

    @TempDir
    private Path directory = Path.of("");

    private Configuration.Trust definition() {
        return new Configuration.Trust(
                "/trust", "/creds/m/trust", new Configuration.Proxy("127.0.0.1", 3128), directory.resolve("ca.pem"));
    }

    private static byte[] read(TrustFiles files, String name) throws RefusedException {
        Mint mint = new Mint(
                Directory.of(Map.of("trust", files.directory())),
                event -> {
                    throw new AssertionError("on the record: " + event);
                },
                InstantSource.fixed(NOW),
                new SecureRandom(),
                1);
        Slice slice = mint.read(mint.open("/trust/" + name, SOMEBODY), SOMEBODY, 0, Integer.MAX_VALUE);
        assertThat(mint.attributes("/trust/" + name).sizeBytes()).isEqualTo(slice.lengthBytes());
        assertThat(mint.attributes("/trust/" + name).modified()).isEqualTo(NOW);
        return Arrays.copyOfRange(slice.content(), slice.from(), slice.from() + slice.lengthBytes());
    }

    private static String text(TrustFiles files, String name) throws RefusedException {
        return new String(read(files, name), UTF_8);
    }

    @Test
    void theyAreMadeWhenTheCertificateIsThereAndAnewWhenItHasChanged() throws Exception {
        TrustFiles files = new TrustFiles(definition());
        assertThat(files.refresh(NOW)).isTrue();
        assertThat(files.problem())
                .isEqualTo("/trust: " + directory + "/ca.pem: no such file: the gateway makes it when it starts");
        assertThatThrownBy(() -> text(files, "env.sh")).hasMessage(files.problem());
        assertThat(files.refresh(NOW)).isFalse();

        Files.writeString(directory.resolve("ca.pem"), CERTIFICATE);
        assertThat(files.refresh(NOW)).isTrue();
        assertThat(files.problem()).isEmpty();
        assertThat(text(files, "ca.pem")).isEqualTo(CERTIFICATE);
        assertThat(files.refresh(NOW)).isFalse();

        Files.writeString(directory.resolve("ca.pem"), CERTIFICATE + CERTIFICATE);
        assertThat(files.refresh(NOW)).isTrue();
        assertThat(text(files, "ca.pem")).isEqualTo(CERTIFICATE + CERTIFICATE);

        Files.delete(directory.resolve("ca.pem"));
        assertThat(files.refresh(NOW)).isTrue();
        assertThatThrownBy(() -> text(files, "ca.pem")).hasMessageContaining("no such file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "no certificate",
                KEY,
                KEY + CERTIFICATE,
                CERTIFICATE + KEY,
                "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
            })
    void whatIsNotOnlyCertificatesIsNotServed(String content) throws Exception {
        Files.writeString(directory.resolve("ca.pem"), content);
        TrustFiles files = new TrustFiles(definition());
        files.refresh(NOW);
        assertThat(files.problem()).contains("not certificates in PEM");
        assertThatThrownBy(() -> text(files, "ca.pem")).isInstanceOf(RefusedException.class);
    }

    @Test
    void theBundleIsThatOfTheGatewayAndThoseOfTheHost() throws Exception {
        Files.writeString(directory.resolve("ca.pem"), CERTIFICATE);
        TrustFiles files = new TrustFiles(definition());
        files.refresh(NOW);
        assertThat(text(files, "bundle.pem")).startsWith(CERTIFICATE);
    }

    /** The password of Java's tradition, another one, and none. */
    @ParameterizedTest
    @ValueSource(strings = {"changeit", "other", ""})
    void theKeyStoreOpensWithAnyPasswordAndIsTheSameBytes(String password) throws Exception {
        Files.writeString(directory.resolve("ca.pem"), CERTIFICATE);
        TrustFiles files = new TrustFiles(definition());
        files.refresh(NOW);
        char @Nullable [] chars = password.isEmpty() ? null : password.toCharArray();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new ByteArrayInputStream(read(files, "truststore.p12")), chars);
        assertThat(Collections.list(store.aliases()))
                .contains("trusted-1")
                .allSatisfy(alias -> assertThat(store.isCertificateEntry(alias)).isTrue());
        assertThat(((X509Certificate) store.getCertificate("trusted-1")).getSubjectX500Principal())
                .hasToString("CN=credfs gateway.local");

        TrustFiles again = new TrustFiles(definition());
        again.refresh(NOW);
        assertThat(read(again, "truststore.p12")).isEqualTo(read(files, "truststore.p12"));
    }

    @Test
    void theScriptNamesFilesAsItsReadersSeeThem() {
        String script =
                new String(TrustFiles.environment("/creds/m/trust", new Configuration.Proxy("127.0.0.1", 3129)), UTF_8);
        assertThat(script.lines().skip(1)).allMatch(line -> line.startsWith("export "));
        assertThat(script)
                .contains("export HTTPS_PROXY='http://127.0.0.1:3129'\n")
                .contains("export SSL_CERT_FILE='/creds/m/trust/bundle.pem'\n")
                .contains("export NODE_EXTRA_CA_CERTS='/creds/m/trust/ca.pem'\n")
                .contains("-Djavax.net.ssl.trustStore=/creds/m/trust/truststore.p12 ");
    }

    private static Configuration.Trust configured(String keys, String gateway) throws ConfigurationException {
        Configuration configuration = ConfigurationReader.read(
                "mount: /m\naudience: a\nmasters: {}\n" + gateway + "\ntree: { t: {" + keys + "} }\n",
                Path.of("/c/credfs.yaml"),
                path -> {
                    throw new FileNotFoundException(path);
                });
        return (Configuration.Trust)
                Objects.requireNonNull(configuration.tree().entries().get("t"));
    }

    @Test
    void interceptionThatIsNoMappingIsTheMistake() {
        assertThatThrownBy(() -> configured("trust: /a", "gateway: { intercept: true }"))
                .hasMessageStartingWith("4:23: expected keys and values for intercept: '{}' is enough");
    }

    @Test
    void theCertificateIsThatOfTheGatewayOrNamed() throws Exception {
        assertThat(configured("trust: /a/b", "gateway: { intercept: {} }"))
                .isEqualTo(new Configuration.Trust(
                        "/t", "/a/b", new Configuration.Proxy("127.0.0.1", 3128), Path.of("/c/gateway/ca.pem")));
        assertThat(configured("trust: /a", "gateway: { state: /s, intercept: {} }")
                        .certificate())
                .isEqualTo(Path.of("/s/ca.pem"));
        assertThat(configured("trust: /a", "gateway: { intercept: { certificate: x.pem } }")
                        .certificate())
                .isEqualTo(Path.of("/c/x.pem"));
        assertThat(configured("trust: /a, certificate: /y.pem, proxy: 'http://proxy.local:8080'", ""))
                .isEqualTo(new Configuration.Trust(
                        "/t", "/a", new Configuration.Proxy("proxy.local", 8080), Path.of("/y.pem")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "trust: a                      | 'trust' is where containers see this directory",
                "trust: /a/                    | 'trust' is where containers see this directory",
                "trust: \"/a b\"               | 'trust' is where containers see this directory",
                "trust: /a'b                   | 'trust' is where containers see this directory",
                "trust: /a                     | no gateway intercepts in this configuration",
                "trust: /a, allow: []          | unknown key 'allow'",
                "trust: /a, proxy: \"http://a\" | 'proxy' is a URL such as 'http://127.0.0.1:3128'",
                "trust: /a, proxy: \"https://a:1\" | 'proxy' is a URL such as 'http://127.0.0.1:3128'",
            })
    void whatCannotBeMeantIsAnError(String keys, String why) {
        assertThatThrownBy(() -> configured(keys, "gateway: {}"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(why);
    }
}
