package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * A server that hands out tokens: asked over TLS to its configured name, with bounds on time and answer. Redirects, proxies and
 * cookies are not for it; what it says beside JSON is not repeated to anybody.
 */
final class TokenServer {
    private static final Duration MAX_TIME = Duration.ofSeconds(10);
    static final int MAX_ANSWER = 64 * 1024;

    /** What was answered; {@code json} as {@link FlatJson} has it. */
    record Answer(int status, Map<String, String> json) {}

    private final Upstream server;
    private final NameResolution names;
    private final Executor executor;
    private @Nullable HttpClient client;

    /** @param executor for connections, and for what is made of answers */
    TokenServer(Upstream server, NameResolution names, Executor executor) {
        this.server = server;
        this.names = names;
        this.executor = executor;
    }

    String authority() {
        return server.authority();
    }

    Executor executor() {
        return executor;
    }

    /** A request for {@code path} below the server's own. */
    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(server + path))
                .timeout(MAX_TIME)
                .header("accept", "application/json");
    }

    /** Asks; fails with a {@link RefusedException} only. */
    CompletableFuture<Answer> ask(HttpRequest request) {
        return CompletableFuture.supplyAsync(this::checkedClient, executor).thenCompose(http -> {
            CompletableFuture<HttpResponse<byte[]>> answered = http.sendAsync(request, head -> new BoundedBody());
            CompletableFuture<Answer> coming =
                    answered.orTimeout(MAX_TIME.toSeconds(), TimeUnit.SECONDS).handleAsync(this::answer, executor);
            // Else one that sends a byte now and then is read for ever.
            return coming.whenComplete((answer, problem) -> answered.cancel(true));
        });
    }

    private Answer answer(@Nullable HttpResponse<byte[]> response, @Nullable Throwable problem) {
        if (response == null) {
            throw new CompletionException(new RefusedException(
                    Failure.UPSTREAM_FAILED, "the token server " + authority() + " " + reason(problem)));
        }
        try {
            return new Answer(response.statusCode(), FlatJson.parse(response.body()));
        } catch (IOException e) {
            if (response.statusCode() / 100 == 2) {
                throw new CompletionException(new RefusedException(
                        Failure.UPSTREAM_FAILED, "the token server " + authority() + " does not answer in JSON"));
            }
            return new Answer(response.statusCode(), Map.of());
        }
    }

    private static String reason(@Nullable Throwable problem) {
        for (Throwable t = problem; t != null; t = t.getCause()) {
            if (t instanceof TimeoutException || t instanceof java.net.http.HttpTimeoutException) {
                return "does not answer in time";
            }
            if (t instanceof SSLException) {
                return "is not who its certificate must say it is";
            }
            if (t instanceof BoundedBody.TooLongException) {
                return "answers more than 64 KiB";
            }
            if (t instanceof java.net.ConnectException) {
                return "refuses the connection";
            }
        }
        return "breaks the connection off";
    }

    private HttpClient checkedClient() {
        try {
            for (InetAddress address : names.resolve(server.host())) {
                if (!AddressRule.allows(address, server.privateNetwork())) {
                    throw new CompletionException(new RefusedException(
                            Failure.UPSTREAM_FAILED,
                            "the token server " + server.host() + " resolves to " + address.getHostAddress() + ", "
                                    + AddressRule.why(address)));
                }
            }
        } catch (UnknownHostException e) {
            throw new CompletionException(new RefusedException(
                    Failure.UPSTREAM_FAILED, "the name " + server.host() + " of the token server does not resolve"));
        }
        synchronized (this) {
            HttpClient made = client;
            if (made == null) {
                made = make();
                client = made;
            }
            return made;
        }
    }

    private HttpClient make() {
        HttpClient.Builder builder = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .proxy(HttpClient.Builder.NO_PROXY)
                .connectTimeout(MAX_TIME)
                .executor(executor);
        if (!server.authorities().isEmpty()) {
            builder.sslContext(trusting(server.authorities()));
        }
        return builder.build();
    }

    private static SSLContext trusting(List<X509Certificate> authorities) {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (X509Certificate authority : authorities) {
                store.setCertificateEntry(String.valueOf(store.size()), authority);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, factory.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new CompletionException(
                    new RefusedException(Failure.CONFIGURATION_INVALID, "the certificates in 'ca' cannot be used"));
        }
    }

    /** The body of an answer, up to a bound. */
    private static final class BoundedBody implements HttpResponse.BodySubscriber<byte[]> {
        /** The answer is longer than anything that hands out a token has to say. */
        private static final class TooLongException extends IOException {
            private static final long serialVersionUID = 1;
        }

        private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletionStage<byte[]> getBody() {
            return whole;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(Long.MAX_VALUE);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                if (body.size() + bytes.length > MAX_ANSWER) {
                    if (subscription != null) {
                        subscription.cancel();
                    }
                    whole.completeExceptionally(new TooLongException());
                    return;
                }
                body.writeBytes(bytes);
            }
        }

        @Override
        public void onError(Throwable problem) {
            whole.completeExceptionally(problem);
        }

        @Override
        public void onComplete() {
            whole.complete(body.toByteArray());
        }
    }
}
