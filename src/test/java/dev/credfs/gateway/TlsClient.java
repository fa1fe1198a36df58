package dev.credfs.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** TLS over a connection that exists, by the JDK's engine: it sends what it is told to, and names whom it is told to. */
final class TlsClient implements AutoCloseable {
    private final RawClient raw;
    private final SSLEngine engine;
    private ByteBuffer incoming = ByteBuffer.allocate(64 * 1024).flip();

    /**
     * @param serverName in SNI; empty for none
     * @param expected what the certificate must be for; empty for any
     * @param trusted what must have signed it, or null for anybody
     */
    TlsClient(RawClient raw, String serverName, String expected, @Nullable Path trusted, String... protocols)
            throws IOException, GeneralSecurityException {
        this.raw = raw;
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trusted == null ? new TrustManager[] {new Anybody()} : trust(trusted), null);
        engine = expected.isEmpty() ? context.createSSLEngine() : context.createSSLEngine(expected, 443);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setServerNames(
                serverName.isEmpty()
                        ? List.of()
                        // SNIHostName refuses what a client of bad will would say.
                        : List.of(
                                new SNIServerName(
                                        StandardConstants.SNI_HOST_NAME,
                                        serverName.getBytes(StandardCharsets.US_ASCII)) {}));
        parameters.setApplicationProtocols(new String[] {"http/1.1"});
        if (!expected.isEmpty()) {
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
        }
        if (protocols.length > 0) {
            parameters.setProtocols(protocols);
        }
        engine.setSSLParameters(parameters);
        engine.beginHandshake();
        try {
            handshake();
        } catch (SSLException e) {
            // The other side is told why.
            while (!engine.isOutboundDone()) {
                wrap(ByteBuffer.allocate(0));
            }
            throw e;
        }
    }

    private static TrustManager[] trust(Path pem) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(pem)) {
            store.setCertificateEntry(
                    "credfs", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private void handshake() throws IOException {
        while (true) {
            switch (engine.getHandshakeStatus()) {
                case NEED_WRAP -> wrap(ByteBuffer.allocate(0));
                case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> unwrap(ByteBuffer.allocate(64 * 1024));
                case NEED_TASK -> engine.getDelegatedTask().run();
                default -> {
                    return;
                }
            }
        }
    }

    private void wrap(ByteBuffer plain) throws IOException {
        ByteBuffer out = ByteBuffer.allocate(64 * 1024);
        engine.wrap(plain, out);
        out.flip();
        byte[] bytes = new byte[out.remaining()];
        out.get(bytes);
        raw.send(bytes);
    }

    /** False at the end. */
    private boolean unwrap(ByteBuffer plain) throws IOException {
        while (true) {
            SSLEngineResult result = engine.unwrap(incoming, plain);
            if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
                return false;
            }
            if (result.getStatus() != SSLEngineResult.Status.BUFFER_UNDERFLOW) {
                return true;
            }
            byte[] more = raw.readSome();
            if (more.length == 0) {
                throw new IOException("closed without a TLS end");
            }
            ByteBuffer joined = ByteBuffer.allocate(incoming.remaining() + more.length);
            incoming = joined.put(incoming).put(more).flip();
        }
    }

    X509Certificate certificate() throws IOException {
        return (X509Certificate) engine.getSession().getPeerCertificates()[0];
    }

    String applicationProtocol() {
        return engine.getApplicationProtocol();
    }

    TlsClient send(String text) throws IOException {
        ByteBuffer plain = ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
        while (plain.hasRemaining()) {
            wrap(plain);
        }
        return this;
    }

    private final StringBuilder unread = new StringBuilder();

    private boolean fill() throws IOException {
        ByteBuffer plain = ByteBuffer.allocate(64 * 1024);
        while (plain.position() == 0) {
            if (!unwrap(plain)) {
                return false;
            }
            handshake();
        }
        plain.flip();
        unread.append(java.nio.charset.StandardCharsets.ISO_8859_1.decode(plain));
        return true;
    }

    /** One answer with a length. */
    RawClient.Reply reply() throws IOException {
        while (unread.indexOf("\r\n\r\n") < 0) {
            if (!fill()) {
                throw new IOException("closed before a whole answer came");
            }
        }
        String head = take(unread.indexOf("\r\n\r\n") + 4);
        RawClient.Reply reply = new RawClient.Reply(head, "");
        String length = reply.field("content-length");
        int bytes = length.isEmpty() ? 0 : Integer.parseInt(length);
        while (unread.length() < bytes) {
            if (!fill()) {
                throw new IOException("closed in the middle of a body");
            }
        }
        return new RawClient.Reply(head, take(bytes));
    }

    private String take(int length) {
        String taken = unread.substring(0, length);
        unread.delete(0, length);
        return taken;
    }

    /** All that comes until TLS ends properly. */
    String readToEnd() throws IOException {
        while (fill()) {
            // On.
        }
        return take(unread.length());
    }

    @Override
    public void close() throws IOException {
        raw.close();
    }
}
