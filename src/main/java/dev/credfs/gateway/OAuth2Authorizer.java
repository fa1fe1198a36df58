package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Puts in an access token that a token server hands out for a client's secret, or for a refresh token (RFC 6749). */
final class OAuth2Authorizer extends Authorizer {
    /** Where an answer does not say how long its token lives: so short that it hardly lives shorter. */
    private static final Duration UNKNOWN_LIFETIME = Duration.ofMinutes(5);

    private static final Pattern ERROR = Pattern.compile("[a-z_]{1,64}");

    private final Credential.OAuth2 credential;
    private final TokenServer server;
    private final RefreshTokenFile file;
    private final InstantSource clock;
    private final FetchedToken token;
    private final CredentialSearch search;

    /** @param file keeps what a refresh token was replaced with */
    OAuth2Authorizer(Credential.OAuth2 credential, TokenServer server, RefreshTokenFile file, InstantSource clock) {
        this.credential = credential;
        this.server = server;
        this.file = file;
        this.clock = clock;
        this.token = new FetchedToken(this::fetch, clock);
        this.search = CredentialSearch.of(secrets(credential.secret()));
    }

    private List<SecretBytes> secrets(SecretBytes current) {
        List<SecretBytes> secrets = new ArrayList<>(List.of(current));
        credential.clientSecret().ifPresent(secrets::add);
        return secrets;
    }

    @Override
    void authorize(
            Decision.Admitted pass,
            Peer peer,
            EventLoop loop,
            Consumer<Authorization> ready,
            Consumer<RefusedException> failed) {
        token.get(loop, value -> ready.accept(new TokenAuthorization(credential.placement(), token, value)), failed);
    }

    @Override
    CredentialSearch search() {
        return search;
    }

    private CompletableFuture<FetchedToken.Value> fetch() {
        return CompletableFuture.supplyAsync(this::current, server.executor()).thenCompose(secret -> {
            Instant asked = clock.instant();
            return server.ask(request(secret))
                    .thenApplyAsync(answer -> value(answer, secret, asked), server.executor());
        });
    }

    private SecretBytes current() {
        if (credential.grant() == Credential.OAuth2.Grant.CLIENT_CREDENTIALS) {
            return credential.secret();
        }
        try {
            return file.current();
        } catch (RefusedException e) {
            throw new CompletionException(e);
        }
    }

    private HttpRequest request(SecretBytes current) {
        boolean refresh = credential.grant() == Credential.OAuth2.Grant.REFRESH_TOKEN;
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        add(form, "grant_type", bytes(refresh ? "refresh_token" : "client_credentials"));
        if (!credential.scope().isEmpty()) {
            add(form, "scope", bytes(credential.scope()));
        }
        if (!credential.audience().isEmpty()) {
            add(form, "audience", bytes(credential.audience()));
        }
        if (refresh) {
            add(form, "refresh_token", current.revealCopy());
        }
        HttpRequest.Builder request = server.request("").header("content-type", "application/x-www-form-urlencoded");
        byte[] secret = refresh
                ? credential.clientSecret().map(SecretBytes::revealCopy).orElse(new byte[0])
                : current.revealCopy();
        if (secret.length == 0 || credential.secretInBody()) {
            add(form, "client_id", bytes(credential.clientId()));
            if (secret.length > 0) {
                add(form, "client_secret", secret);
            }
        } else {
            // RFC 6749 §2.3.1: both are form-encoded before they are joined.
            ByteArrayOutputStream pair = new ByteArrayOutputStream();
            pair.writeBytes(PercentEncoding.upperCase(bytes(credential.clientId())));
            pair.write(':');
            pair.writeBytes(PercentEncoding.upperCase(secret));
            request.header("authorization", "Basic " + Base64.getEncoder().encodeToString(pair.toByteArray()));
        }
        Arrays.fill(secret, (byte) 0);
        return request.POST(HttpRequest.BodyPublishers.ofByteArray(form.toByteArray()))
                .build();
    }

    private static void add(ByteArrayOutputStream form, String name, byte[] value) {
        if (form.size() > 0) {
            form.write('&');
        }
        form.writeBytes(bytes(name));
        form.write('=');
        form.writeBytes(PercentEncoding.upperCase(value));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private FetchedToken.Value value(TokenServer.Answer answer, SecretBytes used, Instant asked) {
        Map<String, String> json = answer.json();
        if (answer.status() != 200) {
            String error = json.getOrDefault("error", "");
            throw refused("refuses: " + answer.status() + (ERROR.matcher(error).matches() ? " " + error : ""));
        }
        if (!"bearer".equalsIgnoreCase(json.getOrDefault("token_type", "bearer"))) {
            throw refused("hands out no bearer token");
        }
        SecretBytes rotated = rotated(json, used);
        try {
            SecretBytes access = SecretBytes.copyOf(bytes(json.getOrDefault("access_token", "")));
            Route.requireCredential(access);
            return FetchedToken.Value.of(access, secrets(rotated), asked, lifetime(json));
        } catch (IllegalArgumentException e) {
            throw refused("hands out what is no token: " + e.getMessage());
        }
    }

    private static Duration lifetime(Map<String, String> json) {
        String seconds = json.getOrDefault("expires_in", "");
        if (seconds.isEmpty()) {
            return UNKNOWN_LIFETIME;
        }
        // Some servers write it as a fraction.
        int point = seconds.indexOf('.');
        String whole = point < 0 ? seconds : seconds.substring(0, point);
        if (!whole.matches("[0-9]{1,12}") || Long.parseLong(whole) == 0) {
            throw new IllegalArgumentException("its 'expires_in' is no number of seconds");
        }
        return Duration.ofSeconds(Long.parseLong(whole));
    }

    /** The refresh token that is good from now on. */
    private SecretBytes rotated(Map<String, String> json, SecretBytes used) {
        String text = json.getOrDefault("refresh_token", "");
        if (credential.grant() != Credential.OAuth2.Grant.REFRESH_TOKEN || text.isEmpty()) {
            return used;
        }
        SecretBytes fresh = SecretBytes.copyOf(bytes(text));
        try {
            Route.requireCredential(fresh);
            file.keep(fresh);
            return fresh;
        } catch (IllegalArgumentException e) {
            throw refused("hands out what is no refresh token: " + e.getMessage());
        } catch (RefusedException e) {
            throw new CompletionException(e);
        }
    }

    private CompletionException refused(String why) {
        return new CompletionException(
                new RefusedException(Failure.UPSTREAM_FAILED, "the token server " + server.authority() + " " + why));
    }
}
