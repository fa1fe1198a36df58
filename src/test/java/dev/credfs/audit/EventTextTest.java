package dev.credfs.audit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.policy.Container;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class EventTextTest {

    static Iterable<AuditEvent> everyEvent() {
        return Events.all();
    }

    @ParameterizedTest
    @MethodSource("everyEvent")
    void everyEventIsOneLine(AuditEvent event) {
        assertThat(EventText.of(event))
                .isNotBlank()
                .doesNotContain("\n", event.getClass().getSimpleName() + "[");
    }

    @Test
    void whatACallerChoseCannotSteerTheTerminal() {
        AuditEvent event = new AuditEvent.Bulk(
                Events.AT, Events.caller("/tmp/\u001b[2J\n\u202eok", Container.HOST), 3, Duration.ofSeconds(1));
        assertThat(EventText.of(event))
                .isEqualTo(
                        "bulk: 3 files within 1000 ms by pid 4242 uid 1000 (/tmp/\\u{1b}[2J\\u{a}\\u{202e}ok) in host");
    }
}
