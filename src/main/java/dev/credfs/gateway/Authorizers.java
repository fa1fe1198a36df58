package dev.credfs.gateway;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The authorizer of each credential, also of one that was replaced while its request was under way. */
final class Authorizers implements AutoCloseable {
    private static final int THREADS = 2;
    private static final int MAX_WAITING = 4096;

    private final InstantSource clock;
    private final NameResolution names;
    private final Path stateDirectory;
    private final Map<Credential, Authorizer> known = new ConcurrentHashMap<>();
    /** For those that fetch tokens; without one of them it has no thread. */
    private final ThreadPoolExecutor fetching;

    Authorizers(InstantSource clock, NameResolution names, Path stateDirectory) {
        this.clock = clock;
        this.names = names;
        this.stateDirectory = stateDirectory;
        this.fetching = new ThreadPoolExecutor(
                THREADS, THREADS, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MAX_WAITING), task -> {
                    Thread thread = new Thread(task, "tokens");
                    thread.setDaemon(true);
                    return thread;
                });
        fetching.allowCoreThreadTimeOut(true);
    }

    /** Takes up the credential of {@code route}; one that is known keeps what was fetched for it. */
    void add(Route route) {
        known.computeIfAbsent(route.credential(), credential -> make(route));
    }

    Authorizer of(Route route) {
        return Objects.requireNonNull(known.get(route.credential()), route.name());
    }

    private Authorizer make(Route route) {
        if (route.credential() instanceof Credential.Fixed fixed) {
            return new FixedAuthorizer(fixed);
        }
        if (route.credential() instanceof Credential.Aws aws) {
            return new AwsAuthorizer(aws, clock);
        }
        if (route.credential() instanceof Credential.OAuth2 oauth2) {
            TokenServer server = new TokenServer(oauth2.tokenServer(), names, fetching);
            return new OAuth2Authorizer(oauth2, server, new RefreshTokenFile(stateDirectory, oauth2.secret()), clock);
        }
        if (route.credential() instanceof Credential.GithubApp app) {
            TokenServer server = new TokenServer(app.api(), names, fetching);
            return new GithubAppAuthorizer(app, server, route.upstream().basePath(), clock);
        }
        if (route.credential() instanceof Credential.Placeholder) {
            return new PlaceholderKeys();
        }
        throw new IllegalArgumentException("not a credential that this gateway knows");
    }

    @Override
    public void close() {
        fetching.shutdownNow();
    }
}
