package dev.credfs.macaroon;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** A token of six caveats, of which four are those of its file: made, and taken by a verifier. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class TokenBenchmark {
    private final RootKey key = RootKey.generate(new SecureRandom());
    private final MasterMacaroon narrowed;
    private final List<Caveat> own;
    private final byte[] token;
    private final Access access;

    public TokenBenchmark() {
        try {
            narrowed = key.issue(new KeyId("github"), List.of())
                    .narrowed(List.of(
                            Caveat.parse("aud = gateway.local"),
                            Caveat.parse("host = api.github.com"),
                            Caveat.parse("method = GET,HEAD"),
                            Caveat.parse("path = /repos/acme/** /user")));
            own = List.of(
                    Caveat.parse("jti = 01KDXW0R00AAAAAAAAAAAAAAAA"), Caveat.parse("time < 2026-01-02T03:09:05Z"));
            token = narrowed.attenuate(own).revealText();
            access = Access.parse(
                    "GET https://api.github.com/repos/acme/app",
                    InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")),
                    Audience.parseValue("gateway.local"));
        } catch (CaveatSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Benchmark
    public Token attenuate() {
        return narrowed.attenuate(own);
    }

    @Benchmark
    public Object decodeVerifyClear() throws MalformedMacaroonException, BadSignatureException {
        return PresentedMacaroon.parse(token).verify(key).clear(access);
    }
}
