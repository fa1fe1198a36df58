package dev.credfs.mint;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Policy;
import dev.credfs.policy.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PublicFileTest {
    private static final Caller ALICE = Fixture.onHost(10, 1000);
    private static final Caller BOB = Fixture.onHost(11, 1001);
    private static final Instant LATER = Fixture.NOW.plusSeconds(60);

    private final PublicFile file = new PublicFile("/state/ca.pem: no such file");
    private final RecordInMemory record = new RecordInMemory();
    private final HandClock clock = new HandClock();
    private final Mint mint = new Mint(
            Directory.of(Map.of(
                    "token",
                    Fixture.file("/token", Duration.ofMinutes(5), new Policy(List.of())),
                    "trust",
                    Directory.of(Map.of("ca.pem", file)))),
            record,
            clock,
            new SecureRandom(),
            1);

    private String read(FileHandle handle, Caller reader) throws RefusedException {
        Slice slice = mint.read(handle, reader, 0, 100);
        return new String(slice.content(), slice.from(), slice.lengthBytes(), US_ASCII);
    }

    @Test
    void everybodyReadsWhatWasPublishedAndNothingIsOnTheRecord() throws RefusedException {
        file.publish("one".getBytes(US_ASCII), Fixture.NOW);
        assertThat(read(mint.open("/trust/ca.pem", ALICE), ALICE)).isEqualTo("one");
        assertThat(read(mint.open("/trust/ca.pem", BOB), BOB)).isEqualTo("one");
        assertThat(record.events()).isEmpty();
        assertThat(mint.counts().minted()).isZero();
    }

    @Test
    void sizeAndTimeAreThoseOfWhatIsPublished() throws RefusedException {
        assertThat(mint.attributes("/trust/ca.pem").sizeBytes()).isZero();
        file.publish("three".getBytes(US_ASCII), LATER);
        Attributes attributes = mint.attributes("/trust/ca.pem");
        assertThat(attributes.directory()).isFalse();
        assertThat(attributes.sizeBytes()).isEqualTo(5);
        assertThat(attributes.modified()).isEqualTo(LATER);
    }

    @Test
    void whatIsNotThereYetIsListedAndRefusedWithoutARecord() throws RefusedException {
        assertThat(mint.list("/trust")).containsExactly("ca.pem");
        assertThatThrownBy(() -> mint.open("/trust/ca.pem", ALICE))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refusal -> assertThat(refusal.failure()).isEqualTo(Failure.PUBLIC_FILE_UNAVAILABLE))
                .hasMessage("/state/ca.pem: no such file");
        assertThat(record.events()).isEmpty();
        // A container learns that it is not there, and not where the host would have it.
        String why = read(mint.open("/.why", ALICE), ALICE);
        assertThat(why).contains("/trust/ca.pem").doesNotContain("/state");
    }

    @Test
    void whoHasItOpenGoesOnWithWhatWasOpened() throws RefusedException {
        file.publish("one".getBytes(US_ASCII), Fixture.NOW);
        FileHandle handle = mint.open("/trust/ca.pem", ALICE);
        file.publish("other".getBytes(US_ASCII), LATER);
        clock.move(Duration.ofSeconds(60));
        assertThat(read(handle, ALICE)).isEqualTo("one");
        file.withdraw("gone");
        assertThat(read(handle, ALICE)).isEqualTo("one");
        assertThatThrownBy(() -> mint.open("/trust/ca.pem", ALICE)).hasMessage("gone");
    }

    @Test
    void aDescriptorIsForWhoeverHasIt() throws RefusedException {
        file.publish("one".getBytes(US_ASCII), Fixture.NOW);
        assertThat(read(mint.open("/trust/ca.pem", ALICE), BOB)).isEqualTo("one");
    }

    /** Else a descriptor that everybody may read would be a way to what the opener alone may have. */
    @Test
    void anOpenPublicFileNeverBecomesAToken() throws RefusedException {
        file.publish("one".getBytes(US_ASCII), Fixture.NOW);
        FileHandle handle = mint.open("/trust/ca.pem", ALICE);
        mint.edition(Directory.of(Map.of(
                        "trust",
                        Directory.of(Map.of(
                                "ca.pem", Fixture.file("/trust/ca.pem", Duration.ofMinutes(5), Fixture.ANYBODY))))))
                .serve();
        clock.move(Duration.ofSeconds(60));
        assertThat(read(handle, BOB)).isEqualTo("one");
        assertThat(mint.counts().minted()).isZero();
    }

    @Test
    void openOnesAreBoundedAndTakeNoPlaceFromTokens() throws RefusedException {
        file.publish("one".getBytes(US_ASCII), Fixture.NOW);
        List<FileHandle> handles = new ArrayList<>();
        for (int i = 0; i < PublicFile.MOST_OPEN_PER_USER; i++) {
            handles.add(mint.open("/trust/ca.pem", ALICE));
        }
        assertThat(mint.openFileCount()).isZero();
        assertThatThrownBy(() -> mint.open("/trust/ca.pem", ALICE))
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refusal -> assertThat(refusal.failure()).isEqualTo(Failure.TOO_MANY_OPEN));
        mint.open("/trust/ca.pem", BOB);
        mint.release(handles.get(0));
        mint.open("/trust/ca.pem", ALICE);
    }
}
