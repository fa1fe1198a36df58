package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.channel.DefaultEventLoop;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When a token is fetched, when it is not, and who waits. */
@Timeout(30)
final class FetchedTokenTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final DefaultEventLoop loop = new DefaultEventLoop();
    private final List<CompletableFuture<FetchedToken.Value>> fetches = new ArrayList<>();
    private Instant now = START;
    private final FetchedToken token = new FetchedToken(this::fetch, () -> now);

    private CompletableFuture<FetchedToken.Value> fetch() {
        CompletableFuture<FetchedToken.Value> coming = new CompletableFuture<>();
        fetches.add(coming);
        return coming;
    }

    @AfterEach
    void stop() throws InterruptedException {
        assertThat(loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).await(10, TimeUnit.SECONDS))
                .isTrue();
    }

    private FetchedToken.Value value(String text, Duration lifetime) {
        SecretBytes secret = SecretBytes.copyOf(text.getBytes(StandardCharsets.US_ASCII));
        return FetchedToken.Value.of(secret, List.of(), now, lifetime);
    }

    /** What is answered at once; a waiter's answer comes later. */
    private String atOnce() {
        List<String> answers = new ArrayList<>();
        token.get(
                loop,
                value -> answers.add(new String(value.secret().revealCopy(), StandardCharsets.US_ASCII)),
                refused -> answers.add(refused.why()));
        return answers.isEmpty() ? "waits" : answers.get(0);
    }

    @Test
    void thousandThatAskAtOnceWaitForOneFetch() throws Exception {
        CountDownLatch answered = new CountDownLatch(1000);
        AtomicInteger ready = new AtomicInteger();
        for (int i = 0; i < 1000; i++) {
            token.get(
                    loop,
                    value -> {
                        ready.incrementAndGet();
                        answered.countDown();
                    },
                    refused -> answered.countDown());
        }
        assertThat(fetches).hasSize(1);
        fetches.get(0).complete(value("access-token", Duration.ofHours(1)));
        assertThat(answered.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(ready).hasValue(1000);
        assertThat(atOnce()).isEqualTo("access-token");
        assertThat(fetches).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({"PT1H, PT54M29S, PT54M30S, PT59M30S", "PT10M, PT6M59S, PT7M, PT9M30S", "PT20S, PT12S, PT13S, PT18S"})
    void renewedAheadAndNotUsedAtTheEnd(Duration lifetime, Duration before, Duration ahead, Duration dead) {
        assertThat(atOnce()).isEqualTo("waits");
        fetches.get(0).complete(value("access-token", lifetime));
        now = START.plus(before);
        assertThat(atOnce()).isEqualTo("access-token");
        assertThat(fetches).hasSize(1);
        now = START.plus(ahead);
        assertThat(atOnce()).isEqualTo("access-token");
        assertThat(atOnce()).isEqualTo("access-token");
        assertThat(fetches).hasSize(2);
        now = START.plus(dead);
        assertThat(atOnce()).isEqualTo("waits");
        assertThat(fetches).hasSize(2);
    }

    @Test
    void failureIsToldAtOnceUntilItsPauseIsOverAndPausesGrow() {
        for (int pause : List.of(1, 2, 4, 8, 16, 32, 60, 60)) {
            assertThat(atOnce()).isEqualTo("waits");
            fetches.get(fetches.size() - 1)
                    .completeExceptionally(new RefusedException(Failure.UPSTREAM_FAILED, "no " + pause));
            now = now.plusSeconds(pause).minusMillis(1);
            assertThat(atOnce()).isEqualTo("no " + pause);
            now = now.plusMillis(1);
        }
        assertThat(fetches).hasSize(8);
    }

    @Test
    void whatIsGoodServesWhileItsRenewalFails() {
        assertThat(atOnce()).isEqualTo("waits");
        fetches.get(0).complete(value("access-token", Duration.ofHours(1)));
        now = START.plus(Duration.ofMinutes(58));
        assertThat(atOnce()).isEqualTo("access-token");
        fetches.get(1).completeExceptionally(new IllegalStateException("quotes a secret"));
        assertThat(atOnce()).isEqualTo("access-token");
        assertThat(fetches).hasSize(2);
        now = START.plus(Duration.ofHours(2));
        assertThat(atOnce()).isEqualTo("waits");
        fetches.get(2).completeExceptionally(new IllegalStateException("quotes a secret"));
        assertThat(atOnce()).isEqualTo("no credential could be fetched");
    }

    @Test
    void droppedOnceAndNotAgainForAWhile() {
        assertThat(atOnce()).isEqualTo("waits");
        FetchedToken.Value first = value("access-token-1", Duration.ofHours(1));
        fetches.get(0).complete(first);
        token.drop(first);
        assertThat(atOnce()).isEqualTo("waits");
        FetchedToken.Value second = value("access-token-2", Duration.ofHours(1));
        fetches.get(1).complete(second);
        token.drop(first);
        token.drop(second);
        assertThat(atOnce()).isEqualTo("access-token-2");
        now = now.plusSeconds(30);
        token.drop(second);
        assertThat(atOnce()).isEqualTo("waits");
    }
}
