package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.get;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whom a credential is shown to: only to the one its certificate says we mean (row 60). */
@Timeout(60)
final class TlsUpstreamTest {
    @TempDir
    private static Path keys;

    @TempDir
    private Path directory;

    private static KeyStore good;
    private static KeyStore otherName;
    private static KeyStore expired;

    @BeforeAll
    static void makeCertificates() throws Exception {
        good = TestKeys.make(keys, "good", "dns:api.example.com", "-1d", "30");
        otherName = TestKeys.make(keys, "other", "dns:other.example", "-1d", "30");
        expired = TestKeys.make(keys, "expired", "dns:api.example.com", "-10d", "5");
    }

    private RawClient.Reply askFor(KeyStore served, List<X509Certificate> trusted, AtomicReference<String> sni)
            throws Exception {
        RecordingUpstream.Answer answer = (request, out, socket) -> {
            ExtendedSSLSession session = (ExtendedSSLSession) ((SSLSocket) socket).getSession();
            session.getRequestedServerNames().forEach(name -> sni.set(((SNIHostName) name).getAsciiName()));
            out.write(RecordingUpstream.response("200 OK", "hello"));
        };
        try (RecordingUpstream upstream = new RecordingUpstream(
                TestKeys.context(served).getServerSocketFactory().createServerSocket(), "127.0.0.1", answer)) {
            Upstream tls = Upstream.parse("https://api.example.com:" + upstream.port(), true, trusted);
            try (GatewayFixture gateway = new GatewayFixture(directory)
                            .route("api", tls, new Placement.Bearer())
                            .names(host -> new InetAddress[] {InetAddress.getLoopbackAddress()})
                            .start();
                    RawClient client = gateway.unix()) {
                RawClient.Reply reply = client.send(get("/api/x", token())).reply();
                if (reply.status() != 200) {
                    assertThat(upstream.requests).isEmpty();
                } else {
                    assertThat(upstream.requests.get(0).field("authorization")).isEqualTo("Bearer " + CREDENTIAL);
                }
                return reply;
            }
        }
    }

    @Test
    void trustedCertificateOfTheRightNameIsServedAndAskedForByName() throws Exception {
        AtomicReference<String> sni = new AtomicReference<>("");
        assertThat(askFor(good, List.of(TestKeys.certificate(good)), sni).status())
                .isEqualTo(200);
        assertThat(sni.get()).isEqualTo("api.example.com");
    }

    @Test
    void tokenServerIsAskedOnlyUnderItsCertifiedName() throws Exception {
        KeyStore named = TestKeys.make(keys, "tokens", "ip:127.0.0.1", "-1d", "30");
        RecordingUpstream.Answer answer = (request, out, socket) ->
                out.write(RecordingUpstream.response("200 OK", "{\"access_token\":\"access-token\"}"));
        for (KeyStore served : List.of(named, otherName)) {
            try (RecordingUpstream tokens = new RecordingUpstream(
                    TestKeys.context(served).getServerSocketFactory().createServerSocket(), "127.0.0.1", answer)) {
                Upstream server = Upstream.parse(
                        "https://127.0.0.1:" + tokens.port(), true, List.of(TestKeys.certificate(served)));
                TokenServer asked = new TokenServer(server, InetAddress::getAllByName, Runnable::run);
                CompletableFuture<TokenServer.Answer> coming =
                        asked.ask(asked.request("/token").GET().build());
                if (served == named) {
                    assertThat(coming.get().json()).containsEntry("access_token", "access-token");
                } else {
                    assertThatThrownBy(coming::get)
                            .hasRootCauseMessage("the token server 127.0.0.1:" + tokens.port()
                                    + " is not who its certificate must say it is");
                    assertThat(tokens.requests).isEmpty();
                }
            }
        }
    }

    @Test
    void certificateForAnotherNameIsRefused() throws Exception {
        RawClient.Reply reply = askFor(otherName, List.of(TestKeys.certificate(otherName)), new AtomicReference<>(""));
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("its certificate is for another name");
    }

    @Test
    void expiredCertificateIsRefused() throws Exception {
        RawClient.Reply reply = askFor(expired, List.of(TestKeys.certificate(expired)), new AtomicReference<>(""));
        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.body()).contains("its certificate has expired");
    }

    @Test
    void certificateThatNobodyTrustedSignedIsRefused() throws Exception {
        for (List<X509Certificate> trusted :
                List.of(List.<X509Certificate>of(), List.of(TestKeys.certificate(otherName)))) {
            RawClient.Reply reply = askFor(good, trusted, new AtomicReference<>(""));
            assertThat(reply.status()).isEqualTo(502);
            assertThat(reply.body()).contains("its certificate is signed by nobody we trust");
        }
    }
}
