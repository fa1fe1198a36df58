package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.RefusedException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The authority's files over restarts, and what other implementations make of its certificates. */
final class CertificateAuthorityTest {
    private static final String API = "api.example.com";

    @TempDir
    private Path directory;

    private Path key;
    private Path pem;
    private Instant now = Instant.now();

    @BeforeEach
    void chooseFiles() {
        key = directory.resolve("ca.key");
        pem = directory.resolve("ca.pem");
    }

    private CertificateAuthority open(String... hosts) throws RefusedException {
        return new CertificateAuthority(AuthorityKey.at(key), pem, "gateway.local", Set.of(hosts), () -> now);
    }

    @Test
    void keyIsForItsOwnerAndTheCertificateForEverybody() throws Exception {
        open(API);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(key)))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(pem)))
                .isEqualTo("rw-r--r--");
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files).containsExactlyInAnyOrder(key, pem);
        }
    }

    @Test
    void nextStartTakesWhatIsThere() throws Exception {
        open(API, "b.example.com");
        byte[] keyBefore = Files.readAllBytes(key);
        byte[] pemBefore = Files.readAllBytes(pem);
        open("b.example.com", API);
        assertThat(Files.readAllBytes(key)).isEqualTo(keyBefore);
        assertThat(Files.readAllBytes(pem)).isEqualTo(pemBefore);
    }

    @Test
    void otherHostsTakeAnotherCertificateOfTheSameKeyAndSubject() throws Exception {
        X509Certificate before = open(API).certificate();
        X509Certificate after = open(API, "new.example.com").certificate();
        assertThat(after).isNotEqualTo(before);
        assertThat(after.getPublicKey()).isEqualTo(before.getPublicKey());
        assertThat(after.getSubjectX500Principal()).isEqualTo(before.getSubjectX500Principal());
        after.verify(before.getPublicKey());
        assertThat(Files.readString(pem))
                .contains(Base64.getEncoder().encodeToString(after.getEncoded()).substring(0, 60));
    }

    @Test
    void certificateIsRenewedThreeMonthsBeforeItsEndAlsoWhileTheGatewayRuns() throws Exception {
        CertificateAuthority authority = open(API);
        X509Certificate before = authority.certificate();
        now = now.plus(Duration.ofDays(274));
        authority.leafFor(API);
        assertThat(authority.certificate()).isEqualTo(before);
        now = now.plus(Duration.ofDays(2));
        authority.leafFor(API);
        assertThat(CertificateAuthority.end(authority.certificate())).isAfter(CertificateAuthority.end(before));
        assertThat(open(API).certificate()).isEqualTo(authority.certificate());
    }

    @Test
    void certificateThatWentIsPutBack() throws Exception {
        open(API);
        Files.delete(pem);
        CertificateAuthority again = open(API);
        assertThat(pem).exists();
        again.certificate().verify(again.certificate().getPublicKey());
    }

    @Test
    void keyThatIsOpenToOthersIsRefused() throws Exception {
        open(API);
        for (String mode : List.of("rw-r-----", "rw----r--", "rw--w----", "rw-rw-rw-")) {
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(mode));
            assertThatThrownBy(() -> open(API)).hasMessageContaining("chmod 600 " + key);
        }
    }

    @Test
    void keyOfSomebodyElseIsRefused() throws Exception {
        open(API);
        Files.setAttribute(key, "unix:uid", 12345);
        assertThatThrownBy(() -> open(API)).hasMessageContaining("belongs to uid 12345");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "secret-that-is-no-key",
                "-----BEGIN PRIVATE KEY-----\nc2VjcmV0LXRoYXQtaXMtbm8ta2V5\n-----END PRIVATE KEY-----\n",
                "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
            })
    void whatIsNoKeyIsRefusedAndNotQuoted(String content) throws Exception {
        Files.writeString(key, content);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        assertThatThrownBy(() -> open(API))
                .hasMessageContaining(key + ": not a P-256 key in PKCS #8 and PEM")
                .message()
                .doesNotContain("secret")
                .doesNotContain("\n");
        assertThat(Files.readString(key)).isEqualTo(content);
    }

    @Test
    void keyOfAnotherKindIsRefused() throws Exception {
        for (List<String> kind : List.of(
                List.of("-algorithm", "RSA"), List.of("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"))) {
            Files.deleteIfExists(key);
            List<String> command = new java.util.ArrayList<>(List.of("openssl", "genpkey", "-out", key.toString()));
            command.addAll(kind);
            assertThat(run(command)).contains("exit 0");
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
            assertThatThrownBy(() -> open(API)).hasMessageContaining("not a P-256 key");
        }
    }

    @Test
    void keyThatIsALinkOrADirectoryIsRefused() throws Exception {
        Files.createDirectory(key);
        assertThatThrownBy(() -> open(API)).hasMessageContaining("not a regular file");
        Files.delete(key);
        Files.createSymbolicLink(key, directory.resolve("elsewhere"));
        assertThatThrownBy(() -> open(API)).hasMessageContaining("not a regular file");
    }

    @Test
    void fileOfSomebodyElseIsNotReplacedByTheCertificate() throws Exception {
        Files.writeString(pem, "precious");
        assertThatThrownBy(() -> open(API)).hasMessageContaining("what is there was not made by credfs");
        assertThat(Files.readString(pem)).isEqualTo("precious");
    }

    @Test
    void directoryThatIsNotThereIsNamed() {
        pem = directory.resolve("nope/ca.pem");
        assertThatThrownBy(() -> open(API))
                .hasMessage("the certificate " + pem + ": no directory " + pem.getParent() + ": make it");
        key = directory.resolve("nope/ca.key");
        assertThatThrownBy(() -> open(API))
                .hasMessage("the key of the certificate authority, " + key + ": no such file or directory");
    }

    @Test
    void keyMadeByOpensslIsAsGood() throws Exception {
        assertThat(run(List.of(
                        "openssl",
                        "genpkey",
                        "-algorithm",
                        "EC",
                        "-pkeyopt",
                        "ec_paramgen_curve:P-256",
                        "-out",
                        key.toString())))
                .contains("exit 0");
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        assertThat(verified(open(API), API, "-verify_hostname", API)).endsWith("exit 0");
    }

    private static String run(List<String> command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return output + "exit " + process.waitFor();
    }

    private static Path write(Path file, X509Certificate certificate) throws Exception {
        return Files.writeString(
                file,
                "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
    }

    /** What {@code openssl verify -x509_strict} says of a leaf. */
    private String verified(CertificateAuthority authority, String host, String... more) throws Exception {
        Path leaf = write(directory.resolve("leaf.pem"), authority.leafFor(host).certificate());
        List<String> command = new java.util.ArrayList<>(
                List.of("openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", pem.toString()));
        command.addAll(Arrays.asList(more));
        command.add(leaf.toString());
        return run(command);
    }

    @Test
    void leafForAnInterceptedHostIsTakenByOpenssl() throws Exception {
        CertificateAuthority authority = open(API, "b.example.com", "10.1.2.3");
        assertThat(verified(authority, API, "-verify_hostname", API)).endsWith("exit 0");
        assertThat(verified(authority, "b.example.com", "-verify_hostname", "b.example.com"))
                .endsWith("exit 0");
        assertThat(verified(authority, "10.1.2.3", "-verify_ip", "10.1.2.3")).endsWith("exit 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"evil.example.org", "example.com", "xapi.example.com", "10.1.2.3"})
    void leafForAnotherHostIsRejectedByOpenssl(String host) throws Exception {
        assertThat(verified(open(API), host)).contains("subtree violation").doesNotEndWith("exit 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {API, "10.1.2.4"})
    void whereAddressesAloneAreInterceptedEveryNameIsRejected(String host) throws Exception {
        assertThat(verified(open("10.1.2.3"), host))
                .contains("subtree violation")
                .doesNotEndWith("exit 0");
    }

    @Test
    void leafOfARenewedAuthorityIsTakenByWhoTrustsTheOldOne() throws Exception {
        Path old = write(directory.resolve("old.pem"), open(API).certificate());
        Path leaf = write(
                directory.resolve("leaf.pem"),
                open(API, "new.example.com").leafFor(API).certificate());
        assertThat(run(List.of(
                        "openssl",
                        "verify",
                        "-x509_strict",
                        "-purpose",
                        "sslserver",
                        "-CAfile",
                        old.toString(),
                        leaf.toString())))
                .endsWith("exit 0");
    }

    @Test
    void leafLivesADayAndBeganAnHourAgo() throws Exception {
        X509Certificate leaf = open(API).leafFor(API).certificate();
        assertThat(Duration.between(CertificateAuthority.begin(leaf), CertificateAuthority.end(leaf)))
                .isEqualTo(Duration.ofHours(25));
        assertThat(leaf.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
    }

    @Test
    void nothingTellsTheKey() throws Exception {
        CertificateAuthority.Leaf leaf = open(API).leafFor(API);
        assertThat(leaf.toString()).isEqualTo("Leaf[CN=" + API + "]");
    }
}
