package dev.credfs.gateway;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;

/** A recording upstream behind TLS, with a certificate of its own making. */
final class TlsUpstream implements AutoCloseable {
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
        KeyStore store = TestKeys.make(directory, host, "dns:" + host, "-1d", "30");
        return new TlsUpstream(
                host,
                new RecordingUpstream(
                        TestKeys.context(store).getServerSocketFactory().createServerSocket(), "127.0.0.1", answer),
                TestKeys.certificate(store),
                directory);
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
