package dev.credfs.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.credfs.policy.Container;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Random;
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
        permitted.remove(AuditEvent.Refusal.class);
        permitted.addAll(Set.of(AuditEvent.Refusal.class.getPermittedSubclasses()));
        assertThat(kinds).isEqualTo(permitted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "1970-01-01T00:00:00Z",
                "2026-11-28T23:59:59.000000001Z",
                "2024-02-29T00:00:00.000120Z",
                "9999-12-31T23:59:59.999999999Z",
                "+10000-01-01T00:00:00Z",
                "1969-12-31T23:59:59.500Z",
                "-0001-01-01T00:00:00Z"
            })
    void timesAreWrittenAsTheJdkHasThem(String time) {
        assertThat(written(Instant.parse(time))).isEqualTo("\"at\":\"" + Instant.parse(time) + "\"");
    }

    @Test
    void anyTimeIsWrittenAsTheJdkHasIt() {
        Random random = new Random(1);
        int[] grains = {1, 1_000, 1_000_000, 1_000_000_000};
        for (int i = 0; i < 10_000; i++) {
            int grain = grains[i % grains.length];
            Instant time = Instant.ofEpochSecond(
                    random.nextLong(253_402_300_800L), random.nextInt(1_000_000_000 / grain) * (long) grain);
            assertThat(written(time)).isEqualTo("\"at\":\"" + time + "\"");
        }
        assertThat(written(Instant.MIN)).contains(Instant.MIN.toString());
        assertThat(written(Instant.MAX)).contains(Instant.MAX.toString());
    }

    private static String written(Instant time) {
        JsonLine json = new JsonLine();
        json.time("at", time);
        return new String(json.toBytes(), StandardCharsets.US_ASCII);
    }

    private static String readBack(String exe) {
        AuditEvent event = new AuditEvent.Bulk(Events.AT, Events.caller(exe, Container.HOST), 1, Duration.ofSeconds(1));
        byte[] written = object(event);
        for (byte b : written) {
            assertThat(b).isBetween((byte) 0x20, (byte) 0x7e);
        }
        AuditEvent.Bulk read = (AuditEvent.Bulk) EventJson.read(EventJson.tree(written));
        return read.caller().executable().path();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/tmp/a\nb",
                "/tmp/\"},\"hash\":\"",
                "/tmp/\u001b[2J",
                "/tmp/\u202e\u0000ünï\ud83d\ude00",
                "\\",
                "\u007f",
                ""
            })
    void whatACallerNamesItsProgramStaysInsideItsText(String exe) {
        assertThat(readBack(exe)).isEqualTo(exe);
    }

    @Test
    void everyCharacterIsReadBack() {
        for (int block = 0; block < 0x11_0000; block += 2048) {
            StringBuilder text = new StringBuilder();
            for (int c = block; c < block + 2048; c++) {
                if (c > 0xffff || !Character.isSurrogate((char) c)) {
                    text.appendCodePoint(c);
                }
            }
            assertThat(readBack(text.toString())).isEqualTo(text.toString());
        }
    }

    @Test
    void halfASurrogatePairDoesNotStopTheRecord() {
        assertThat(readBack("/tmp/\ud83d")).isEqualTo("/tmp/\ufffd");
        assertThat(readBack("/tmp/\ude00x")).isEqualTo("/tmp/\ufffdx");
        assertThat(readBack("\ud83d\ud83d\ude00\ude00")).isEqualTo("\ufffd\ud83d\ude00\ufffd");
    }

    @Test
    void aTextWithoutEndIsCut() {
        assertThat(readBack("x".repeat(100_000)))
                .hasSize(EventJson.LONGEST_TEXT)
                .endsWith("x…");
        assertThat(readBack("\u0000".repeat(100_000))).hasSize(EventJson.LONGEST_TEXT);
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
