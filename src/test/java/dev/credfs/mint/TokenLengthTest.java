package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.MethodCaveat;
import dev.credfs.caveat.Pad;
import dev.credfs.caveat.PathCaveat;
import dev.credfs.caveat.PathGlob;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Uid;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** However differently its rules narrow, a file has one length. */
final class TokenLengthTest {
    private static final Duration TTL = Duration.ofMinutes(5);
    private static final String[] TEMPLATES = {"${token}", "${token}\n", "${basic}", "a ${token} ${expires} ${jti}"};

    /** A caveat of so many bytes, at least 8. */
    private static Caveat ofLength(int bytes) throws Exception {
        Caveat caveat = new PathCaveat(List.of(PathGlob.parse("/" + "p".repeat(bytes - "path = /".length()))));
        assertThat(caveat.predicate()).hasSize(bytes);
        return caveat;
    }

    private static TokenFile file(List<Narrowing> narrowings, String template) throws Exception {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < narrowings.size(); i++) {
            rules.add(new Rule(List.of(new Condition.HasUid(new Uid(i))), narrowings.get(i)));
        }
        try (RootKey key = RootKey.generate(new SecureRandom())) {
            return new TokenFile(
                    "/f",
                    new Master.Available(key.issue(new KeyId("k"), List.of())),
                    TTL,
                    List.of(new Audience("gateway.local")),
                    new Policy(rules),
                    Template.parse(template, Map.of("login", "l")));
        }
    }

    private static Narrowing narrowing(Caveat... caveats) {
        return new Narrowing(TTL, List.of(caveats), false);
    }

    private static void assertOneLength(TokenFile file, int rules) throws Exception {
        for (int uid = 0; uid < rules; uid++) {
            Caller caller = Fixture.inContainer(100, uid, "c" + "1".repeat(uid));
            TokenFile.Minted minted = Fixture.mint(file, caller, Fixture.NOW);
            assertThat(minted.content()).hasSize(file.lengthBytes());
            assertThat(minted.grant().ruleIndex()).isEqualTo(uid);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"${token}", "${basic}"})
    void everyDifferenceUpToAndAcrossALongerLengthField(String template) throws Exception {
        // The length of a caveat takes a second byte from 128 on, and so does that of the padding.
        for (int bytes = 8; bytes <= 300; bytes++) {
            assertOneLength(file(List.of(Narrowing.NONE, narrowing(ofLength(bytes))), template), 2);
        }
    }

    @Test
    void threeRulesEachOfAnotherLength() throws Exception {
        for (int bytes = 120; bytes <= 150; bytes++) {
            for (int less = 0; less <= 12; less++) {
                assertOneLength(
                        file(
                                List.of(
                                        narrowing(ofLength(bytes)),
                                        narrowing(ofLength(bytes - less)),
                                        new Narrowing(TTL, List.of(), true)),
                                "${token}"),
                        3);
            }
        }
    }

    @Test
    void rulesOfAnyShape() throws Exception {
        Random random = new Random(20_260_102);
        for (int round = 0; round < 300; round++) {
            List<Narrowing> narrowings = new ArrayList<>();
            int rules = 1 + random.nextInt(6);
            for (int i = 0; i < rules; i++) {
                List<Caveat> caveats = new ArrayList<>();
                for (int n = random.nextInt(3); n > 0; n--) {
                    caveats.add(
                            random.nextInt(4) == 0
                                    ? new MethodCaveat(List.of("GET"))
                                    : ofLength(8 + random.nextInt(400)));
                }
                narrowings.add(new Narrowing(TTL.minusSeconds(random.nextInt(60)), caveats, random.nextBoolean()));
            }
            assertOneLength(file(narrowings, TEMPLATES[round % TEMPLATES.length]), rules);
        }
    }

    @Test
    void rulesOfOneLengthAreNotPadded() throws Exception {
        TokenFile file = file(List.of(narrowing(ofLength(20)), narrowing(ofLength(20))), "${token}");

        TokenFile.Minted minted = Fixture.mint(file, Fixture.onHost(1, 1), Fixture.NOW);
        assertThat(minted.caveats()).noneMatch(caveat -> caveat instanceof Pad);
        assertOneLength(file, 2);
    }

    @Test
    void callersContainerDoesNotChangeTheLength() throws Exception {
        TokenFile file = file(List.of(new Narrowing(TTL, List.of(), true)), "${token}");

        for (String id : List.of("a", "b".repeat(64), "1000/c")) {
            assertThat(Fixture.mint(file, Fixture.inContainer(1, 0, id), Fixture.NOW)
                            .content())
                    .hasSize(file.lengthBytes());
        }
    }

    @Test
    void fileWithoutRulesHasTheLengthOfAnUnnarrowedToken() throws Exception {
        assertThat(file(List.of(), "${token}").lengthBytes())
                .isEqualTo(file(List.of(Narrowing.NONE), "${token}").lengthBytes());
    }

    @Test
    void tooLongAMacaroonIsNoDefinition() throws Exception {
        List<Caveat> many = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            many.add(ofLength(30));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> file(List.of(new Narrowing(TTL, many, false)), "${token}"));
    }
}
