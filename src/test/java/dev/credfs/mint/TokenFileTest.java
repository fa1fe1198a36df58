package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Uid;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TokenFileTest {
    private static final Duration TTL = Duration.ofMinutes(5);

    private static Policy narrowingTo(Duration ttl) {
        return new Policy(List.of(
                new Rule(List.of(new Condition.HasUid(new Uid(1))), new Narrowing(ttl, List.of(), false)),
                new Rule(List.of(new Condition.Any()), Narrowing.NONE)));
    }

    @Test
    void windowIsHalfOfTheFilesTtlWhereNoRuleNarrowsIt() {
        assertThat(TokenFile.refreshWindow(TTL, Fixture.ANYBODY)).isEqualTo(Duration.ofSeconds(150));
        assertThat(TokenFile.refreshWindow(TTL, narrowingTo(Duration.ofHours(1))))
                .isEqualTo(Duration.ofSeconds(150));
        assertThat(TokenFile.refreshWindow(Duration.ofSeconds(5), Fixture.ANYBODY))
                .isEqualTo(Duration.ofSeconds(2));
    }

    @ParameterizedTest
    @ValueSource(longs = {2, 3, 59, 60, 299, 300})
    void pollerThatReadsOnAChangedTimeHoldsHalfTheTtlOfItsRule(long ruleSeconds) throws Exception {
        Duration ruleTtl = Duration.ofSeconds(ruleSeconds);
        TokenFile file = Fixture.file("/f", TTL, narrowingTo(ruleTtl));
        Instant modified = Instant.EPOCH;
        Instant expiry = Instant.EPOCH;
        for (int second = 0; second < 700; second++) {
            Instant now = Fixture.NOW.plusSeconds(second);
            if (!file.windowStart(now).equals(modified)) {
                modified = file.windowStart(now);
                expiry = Fixture.mint(file, Fixture.onHost(7, 1), now).expiry();
            }
            // An expiry is in whole seconds, so of the mint's own second a part may be lost.
            assertThat(Duration.between(now, expiry).plusSeconds(1).multipliedBy(2))
                    .isGreaterThanOrEqualTo(ruleTtl);
        }
    }

    @Test
    void whatTheTokensOfARuleShareStandsBeforeWhatIsOfOneTokenAlone() throws Exception {
        Caveat ofTheRule = Caveat.parse("method = GET");
        TokenFile file = Fixture.file(
                "/f",
                TTL,
                new Policy(List.of(
                        new Rule(
                                List.of(new Condition.HasUid(new Uid(1))),
                                new Narrowing(TTL, List.of(ofTheRule), true)),
                        new Rule(List.of(new Condition.Any()), Narrowing.NONE))));

        List<Caveat> narrowed = Fixture.mint(file, Fixture.inContainer(7, 1, "a".repeat(64)), Fixture.NOW)
                .caveats();
        List<Caveat> other =
                Fixture.mint(file, Fixture.onHost(8, 2), Fixture.NOW).caveats();

        assertThat(narrowed)
                .extracting(caveat -> caveat.predicate().split(" ", 2)[0])
                .containsExactly("aud", "method", "jti", "container", "time");
        assertThat(other)
                .extracting(caveat -> caveat.predicate().split(" ", 2)[0])
                .containsExactly("aud", "pad", "jti", "time");
    }

    @Test
    void ruleThatLeavesNoWindowIsNoDefinition() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Fixture.file("/f", TTL, narrowingTo(Duration.ofSeconds(1))))
                .withMessageContaining("below 2 seconds");
    }
}
