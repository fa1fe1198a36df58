package dev.credfs.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.credfs.policy.Container;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EventJsonTest {

    static Iterable<AuditEvent> everyEvent() {
        return Events.all();
    }

    private static byte[] object(AuditEvent event) {
        return ("{" + new String(EventJson.write(event), StandardCharsets.US_ASCII) + "}")
                .getBytes(StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @MethodSource("everyEvent")
    void anEventIsReadBackAsItWas(AuditEvent event) {
        assertThat(EventJson.read(EventJson.tree(object(event)))).isEqualTo(event);
    }

    @Test
    void everyKindOfEventIsAmongThem() {
        Set<Class<?>> kinds = new HashSet<>();
        for (AuditEvent event : Events.all()) {
            kinds.add(event.getClass());
        }
        Set<Class<?>> permitted = new HashSet<>(Set.of(AuditEvent.class.getPermittedSubclasses()));
        permitted.remove(LogEvent.class);
        permitted.addAll(Set.of(LogEvent.class.getPermittedSubclasses()));
        assertThat(kinds).isEqualTo(permitted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/tmp/a\nb",
                "/tmp/\"},\"hash\":\"",
                "/tmp/\u001b[2J",
                "/tmp/\u202e\u0000ünï\ud83d\ude00",
                "\\",
                "\u007f"
            })
    void whatACallerNamesItsProgramStaysInsideItsText(String exe) {
        byte[] written = EventJson.write(
                new AuditEvent.Bulk(Events.AT, Events.caller(exe, Container.HOST), 1, java.time.Duration.ofSeconds(1)));
        for (byte b : written) {
            assertThat(b).isBetween((byte) 0x20, (byte) 0x7f);
        }
        AuditEvent.Bulk read = (AuditEvent.Bulk) EventJson.read(EventJson.tree(
                ("{" + new String(written, StandardCharsets.US_ASCII) + "}").getBytes(StandardCharsets.US_ASCII)));
        assertThat(read.caller().executable().path()).isEqualTo(exe);
    }

    @Test
    void halfASurrogatePairDoesNotStopTheRecord() {
        assertThat(EventJson.bounded("/tmp/\ud83d")).isEqualTo("/tmp/\ufffd");
        assertThat(EventJson.bounded("/tmp/\ude00x")).isEqualTo("/tmp/\ufffdx");
    }

    @Test
    void aTextWithoutEndIsCut() {
        String text = EventJson.bounded("x".repeat(100_000));
        assertThat(text).hasSize(EventJson.LONGEST_TEXT).endsWith("x…");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{\"at\":\"2026-01-02T03:04:05Z\"}",
                "{\"at\":\"2026-01-02T03:04:05Z\",\"event\":\"granted\"}",
                "{\"at\":\"yesterday\",\"event\":\"stopped\",\"pid\":1,\"why\":\"\"}",
                "{\"at\":\"2026-01-02T03:04:05Z\",\"event\":\"stopped\",\"why\":\"\"}",
                "{\"at\":\"2026-01-02T03:04:05Z\",\"event\":\"stopped\",\"pid\":1,\"why\":7}",
                "{\"at\":1,\"at\":2}",
                "{"
            })
    void whatIsNoEventIsRefused(String json) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EventJson.read(EventJson.tree(json.getBytes(StandardCharsets.US_ASCII))));
    }
}
