package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** A recording upstream behind TLS, with a certificate of its own making. */
final class TlsUpstream implements AutoCloseable {
    private static final char[] PASSWORD = "password".toCharArray();

    private final String host;
    private final RecordingUpstream upstream;
    private final X509Certificate certificate;
    private final Path directory;

    private TlsUpstream(String host, RecordingUpstream upstream, X509Certificate certificate, Path directory) {
        this.host = host;
        this.upstream = upstream;
        this.certificate = certificate;
        this.directory = directory;
    }

    /** One that says "secure" to everything. */
    static TlsUpstream named(String host, Path directory) throws Exception {
        return named(
                host, directory, (request, out, socket) -> out.write(RecordingUpstream.response("200 OK", "secure")));
    }

    static TlsUpstream named(String host, Path directory, RecordingUpstream.Answer answer) throws Exception {
        KeyStore store = keyStore(directory.resolve(host + ".p12"), "dns:" + host, "-1d", "30");
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        return new TlsUpstream(
                host,
                new RecordingUpstream(context.getServerSocketFactory().createServerSocket(), "127.0.0.1", answer),
                (X509Certificate) store.getCertificate("upstream"),
                directory);
    }

    /** A self-signed certificate, made by keytool. */
    static KeyStore keyStore(Path file, String subject, String start, String days) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "upstream",
                        "-keyalg",
                        "EC",
                        "-groupname",
                        "secp256r1",
                        "-dname",
                        "CN=" + file.getFileName(),
                        "-ext",
                        "san=" + subject,
                        "-startdate",
                        start,
                        "-validity",
                        days,
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            store.load(in, PASSWORD);
        }
        return store;
    }

    int port() {
        return upstream.port();
    }

    List<RecordingUpstream.Request> requests() {
        return upstream.requests;
    }

    Upstream upstream() {
        return Upstream.parse("https://" + host + ":" + port(), true, List.of(certificate));
    }

    /** Its certificate in PEM. */
    Path certificateFile() throws Exception {
        return Files.writeString(
                directory.resolve(host + ".pem"),
                "-----BEGIN CERTIFICATE-----\n" + Base64.getMimeEncoder().encodeToString(certificate.getEncoded())
                        + "\n-----END CERTIFICATE-----\n");
    }

    @Override
    public void close() {
        upstream.close();
    }
}
