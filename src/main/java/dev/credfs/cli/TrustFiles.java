package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.mint.Directory;
import dev.credfs.mint.PublicFile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What programs need to speak to a gateway that intercepts, as files of the mount: its certificate in the forms that they read,
 * and a script that tells them where these are and where the proxy is.
 *
 * <p>All of it is made from the certificate that the gateway writes, and made anew when that has changed. A file that holds
 * anything else, such as a key, is not served, and what is served was parsed and written anew. Where a program takes one list of
 * authorities and no other, it gets the host's own beside the gateway's, since not every host is a gateway's.
 */
final class TrustFiles {
    /** Where distributions keep the authorities that they trust. */
    private static final List<Path> SYSTEM = List.of(
            Path.of("/etc/ssl/certs/ca-certificates.crt"),
            Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
            Path.of("/etc/ssl/ca-bundle.pem"),
            Path.of("/etc/ssl/cert.pem"));

    private static final long MAX_BYTES = 4L * 1024 * 1024;
    private static final int PEM_COLUMNS = 64;

    private final Configuration.Trust definition;
    private final PublicFile own;
    private final PublicFile bundle;
    private final PublicFile keyStore;
    private final PublicFile environment;
    private String seen = "";
    private String problem;

    TrustFiles(Configuration.Trust definition) {
        this.definition = definition;
        this.problem = "not made yet";
        this.own = new PublicFile(problem);
        this.bundle = new PublicFile(problem);
        this.keyStore = new PublicFile(problem);
        this.environment = new PublicFile(problem);
    }

    Directory directory() {
        return Directory.of(
                Map.of("ca.pem", own, "bundle.pem", bundle, "truststore.p12", keyStore, "env.sh", environment));
    }

    /**
     * Makes the files if the certificate, or the host's own, are not those that they were made from.
     *
     * @return whether that was tried
     */
    synchronized boolean refresh(Instant now) {
        Optional<Path> system = SYSTEM.stream().filter(Files::isRegularFile).findFirst();
        String current =
                stamp(definition.certificate()) + system.map(TrustFiles::stamp).orElse("");
        if (current.equals(seen)) {
            return false;
        }
        seen = current;
        try {
            List<Certificate> gateway = certificates(definition.certificate());
            List<Certificate> all = new ArrayList<>(gateway);
            if (system.isPresent()) {
                all.addAll(certificates(system.get()));
            }
            byte[] store = keyStore(all);
            own.publish(pem(gateway), now);
            bundle.publish(pem(all), now);
            keyStore.publish(store, now);
            environment.publish(environment(definition.seenAt(), definition.proxy()), now);
            problem = "";
        } catch (NoSuchFileException e) {
            withdraw("no such file: the gateway makes it when it starts");
        } catch (IOException e) {
            withdraw(Problems.of(e));
        } catch (GeneralSecurityException e) {
            withdraw("not certificates in PEM, and nothing else");
        }
        return true;
    }

    private void withdraw(String why) {
        problem = definition.path() + ": " + definition.certificate() + ": " + why;
        for (PublicFile file : List.of(own, bundle, keyStore, environment)) {
            file.withdraw(problem);
        }
    }

    /** Why there are none, in one line; empty where they are there. */
    synchronized String problem() {
        return problem;
    }

    /** What {@link #refresh} came to. */
    synchronized String outcome() {
        return problem.isEmpty() ? definition.path() + ": made from " + definition.certificate() : problem;
    }

    /** Another one for another file or content, as far as can be told without reading it. */
    private static String stamp(Path file) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return file + " " + attributes.fileKey() + " " + attributes.size() + " " + attributes.lastModifiedTime()
                    + "\n";
        } catch (IOException e) {
            return file + " " + Problems.of(e) + "\n";
        }
    }

    private static List<Certificate> certificates(Path file) throws IOException, CertificateException {
        if (Files.size(file) > MAX_BYTES) {
            throw new IOException("larger than 4 MiB");
        }
        List<Certificate> certificates = List.copyOf(CertificateFactory.getInstance("X.509")
                .generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file))));
        if (certificates.isEmpty()) {
            throw new CertificateException("none");
        }
        return certificates;
    }

    private static byte[] pem(List<Certificate> certificates) throws CertificateException {
        Base64.Encoder lines = Base64.getMimeEncoder(PEM_COLUMNS, new byte[] {'\n'});
        StringBuilder text = new StringBuilder();
        for (Certificate certificate : certificates) {
            text.append("-----BEGIN CERTIFICATE-----\n")
                    .append(lines.encodeToString(certificate.getEncoded()))
                    .append("\n-----END CERTIFICATE-----\n");
        }
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** PKCS#12 with neither encryption nor MAC: any password opens it, and none; and the same certificates are the same bytes. */
    private static byte[] keyStore(List<Certificate> certificates) throws GeneralSecurityException, IOException {
        // There is no other way to say so, and this process writes no other key store.
        Security.setProperty("keystore.pkcs12.certProtectionAlgorithm", "NONE");
        Security.setProperty("keystore.pkcs12.macAlgorithm", "NONE");
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (int i = 0; i < certificates.size(); i++) {
            store.setCertificateEntry("trusted-" + (i + 1), certificates.get(i));
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        store.store(bytes, null);
        return bytes.toByteArray();
    }

    /**
     * A script for POSIX shells. {@code configuration.md} says who reads which variable.
     *
     * @param at where its readers see the directory; neither this nor the proxy has anything in it that a shell would heed
     */
    static byte[] environment(String at, Configuration.Proxy proxy) {
        StringBuilder text = new StringBuilder("# For a POSIX shell: . " + at + "/env.sh\n");
        for (String name : List.of("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")) {
            export(text, name, proxy.url());
        }
        for (String name : List.of("NO_PROXY", "no_proxy")) {
            export(text, name, "localhost,127.0.0.1,::1");
        }
        export(text, "NODE_USE_ENV_PROXY", "1");
        // These take one list of authorities instead of their own.
        for (String name : List.of(
                "SSL_CERT_FILE",
                "CURL_CA_BUNDLE",
                "GIT_SSL_CAINFO",
                "REQUESTS_CA_BUNDLE",
                "PIP_CERT",
                "NPM_CONFIG_CAFILE",
                "CARGO_HTTP_CAINFO",
                "AWS_CA_BUNDLE",
                "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
                "NIX_SSL_CERT_FILE")) {
            export(text, name, at + "/bundle.pem");
        }
        // These add to it.
        for (String name : List.of("NODE_EXTRA_CA_CERTS", "DENO_CERT")) {
            export(text, name, at + "/ca.pem");
        }
        String java = "-Djavax.net.ssl.trustStore=" + at + "/truststore.p12 -Djavax.net.ssl.trustStoreType=PKCS12"
                + proxyProperties("http", proxy)
                + proxyProperties("https", proxy)
                + " -Dhttp.nonProxyHosts=localhost|127.*|[::1]";
        text.append("export JAVA_TOOL_OPTIONS=\"${JAVA_TOOL_OPTIONS:+$JAVA_TOOL_OPTIONS }\"'")
                .append(java)
                .append("'\n");
        return text.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String proxyProperties(String scheme, Configuration.Proxy proxy) {
        return " -D" + scheme + ".proxyHost=" + proxy.host() + " -D" + scheme + ".proxyPort=" + proxy.port();
    }

    private static void export(StringBuilder text, String name, String value) {
        text.append("export ").append(name).append("='").append(value).append("'\n");
    }
}
