package dev.credfs.gateway;

import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.channel.EventLoop;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** Puts in an installation token of a GitHub App: one for each scope, and so for each container. */
final class GithubAppAuthorizer extends Authorizer {
    private static final int MAX_TOKENS = 128;
    private static final Pattern PERMISSION = Pattern.compile("permissions\\.([a-z_]{1,64})");
    /** These can be granted to write alone. */
    private static final Set<String> NEVER_READ = Set.of("workflows", "profile");

    private final Credential.GithubApp credential;
    private final RsaKey key;
    private final TokenServer server;
    private final String basePath;
    private final InstantSource clock;
    private final CredentialSearch search = CredentialSearch.of(List.of());
    /** The longest unused first. */
    private final Map<GithubScope, FetchedToken> tokens = new LinkedHashMap<>(16, 0.75f, true);

    /** @param basePath of the route's upstream */
    GithubAppAuthorizer(Credential.GithubApp credential, TokenServer server, String basePath, InstantSource clock) {
        this.credential = credential;
        this.key = RsaKey.parse(credential.key());
        this.server = server;
        this.basePath = basePath;
        this.clock = clock;
    }

    @Override
    void authorize(
            Decision.Admitted pass,
            Peer peer,
            EventLoop loop,
            Consumer<Authorization> ready,
            Consumer<RefusedException> failed) {
        FetchedToken token = of(GithubScope.of(
                pass.claim().caveats(),
                basePath,
                peer.container().map(ContainerCaveat::idSha256).orElse("")));
        token.get(loop, value -> ready.accept(new TokenAuthorization(credential.placement(), token, value)), failed);
    }

    private FetchedToken of(GithubScope scope) {
        synchronized (tokens) {
            FetchedToken known = tokens.get(scope);
            if (known == null) {
                known = new FetchedToken(() -> fetch(scope), clock);
                tokens.put(scope, known);
                if (tokens.size() > MAX_TOKENS) {
                    tokens.remove(tokens.keySet().iterator().next());
                }
            }
            return known;
        }
    }

    /** The key itself goes nowhere but into signatures. */
    @Override
    CredentialSearch search() {
        return search;
    }

    private String installation() {
        return "/app/installations/" + credential.installationId();
    }

    private CompletableFuture<FetchedToken.Value> fetch(GithubScope scope) {
        CompletableFuture<Set<String>> permissions = scope.readOnly()
                ? CompletableFuture.supplyAsync(
                                () -> request(installation()).GET().build(), server.executor())
                        .thenCompose(server::ask)
                        .thenApply(this::granted)
                : CompletableFuture.completedFuture(Set.of());
        return permissions.thenCompose(readable -> {
            Instant asked = clock.instant();
            HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString(wanted(scope, readable));
            return CompletableFuture.supplyAsync(
                            () -> request(installation() + "/access_tokens")
                                    .POST(body)
                                    .build(),
                            server.executor())
                    .thenCompose(server::ask)
                    .thenApplyAsync(answer -> value(answer, asked), server.executor());
        });
    }

    private HttpRequest.Builder request(String path) {
        return server.request(path)
                .setHeader("accept", "application/vnd.github+json")
                .header("user-agent", "credfs")
                .header("authorization", "Bearer " + key.statement(credential.appId(), clock.instant()));
    }

    private Set<String> granted(TokenServer.Answer answer) {
        if (answer.status() != 200) {
            throw refused("does not show the installation: " + answer.status());
        }
        Set<String> names = new TreeSet<>();
        for (String name : answer.json().keySet()) {
            var matcher = PERMISSION.matcher(name);
            if (matcher.matches() && !NEVER_READ.contains(matcher.group(1))) {
                names.add(matcher.group(1));
            }
        }
        if (names.isEmpty()) {
            // Asking for none would be asking for all.
            throw refused("names no permission of the installation");
        }
        return names;
    }

    /** All that stands in it is letters, digits and {@code . _ -}. */
    private static String wanted(GithubScope scope, Set<String> readable) {
        StringBuilder json = new StringBuilder("{");
        if (!scope.repositories().isEmpty()) {
            json.append("\"repositories\":[\"")
                    .append(String.join("\",\"", scope.repositories()))
                    .append("\"]");
        }
        if (!readable.isEmpty()) {
            json.append(json.length() > 1 ? "," : "").append("\"permissions\":{\"");
            json.append(String.join("\":\"read\",\"", readable)).append("\":\"read\"}");
        }
        return json.append('}').toString();
    }

    private FetchedToken.Value value(TokenServer.Answer answer, Instant asked) {
        if (answer.status() != 201) {
            throw refused("hands out no installation token: " + answer.status());
        }
        try {
            SecretBytes token =
                    SecretBytes.copyOf(answer.json().getOrDefault("token", "").getBytes(StandardCharsets.UTF_8));
            Route.requireCredential(token);
            Duration lifetime =
                    Duration.between(asked, Instant.parse(answer.json().getOrDefault("expires_at", "")));
            if (lifetime.isNegative() || lifetime.isZero()) {
                throw refused("hands out a token that has expired: compare the clocks");
            }
            return FetchedToken.Value.of(token, List.of(), asked, lifetime);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw refused("hands out what is no installation token");
        }
    }

    private CompletionException refused(String why) {
        return new CompletionException(
                new RefusedException(Failure.UPSTREAM_FAILED, "the API at " + server.authority() + " " + why));
    }
}
