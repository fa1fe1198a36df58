package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Policy;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class LastRefusalsTest {
    private static final Instant NOW = Fixture.NOW;
    private static final Caller ALICE = Fixture.onHost(7, 1000);
    private static final Caller BOB = Fixture.onHost(8, 1001);
    private static final String NOTHING = "credfs has refused you nothing lately";

    private final List<AuditEvent> record = new ArrayList<>();
    private final LastRefusals refusals = new LastRefusals(3);
    private final Mint mint = new Mint(
            Directory.of(Map.of(
                    "open", Fixture.file("/open", Duration.ofMinutes(5), Fixture.ANYBODY),
                    "closed", Fixture.file("/closed", Duration.ofMinutes(5), new Policy(List.of())))),
            record::add,
            () -> NOW,
            new SecureRandom(),
            3);

    private static RefusedException refused(String why) {
        return new RefusedException(Failure.CALLER_REFUSED, why);
    }

    /** The rows without the blanks that fill them. */
    private static String text(byte[] page) {
        assertThat(page).hasSize(LastRefusals.LENGTH_BYTES);
        StringBuilder text = new StringBuilder();
        for (String row : new String(page, StandardCharsets.US_ASCII).split("\n", -1)) {
            assertThat(row).matches("[ -~]{79}|");
            text.append(row.stripTrailing()).append('\n');
        }
        return text.toString().strip();
    }

    private String cat(Caller caller) throws RefusedException {
        FileHandle handle = mint.open("/.why", caller);
        try {
            return text(mint.read(handle, caller, 0, 10_000).content());
        } finally {
            mint.release(handle);
        }
    }

    @Test
    void callerReadsTimePathReasonAndWhatToDo() {
        refusals.add("/github/token", ALICE, refused("none of the 2 rules matches the caller"), NOW);
        assertThat(text(refusals.page(ALICE))).isEqualTo("""
                        2026-01-02T03:04:05Z  /github/token
                          none of the 2 rules matches the caller
                          to do: ask the operator for a rule under 'allow'; 'credfs explain' shows them
                          what is missing""");
    }

    @Test
    void anotherUserNamespaceCgroupOrUidSeesNothingOfIt() {
        refusals.add("/f", ALICE, refused("no"), NOW);
        List<Caller> others = List.of(
                BOB,
                Fixture.withPlace(ALICE, ALICE.cgroup(), 5, ALICE.container()),
                Fixture.withPlace(ALICE, "0::/x\n", ALICE.userNamespace(), ALICE.container()),
                Fixture.inContainer(7, 1000, "agent-1"));
        for (Caller other : others) {
            assertThat(text(refusals.page(other))).isEqualTo(NOTHING);
        }
        assertThat(text(refusals.page(Fixture.onHost(99, 1000)))).contains("/f");
    }

    @Test
    void newestIsFirstAndRepetitionIsCounted() {
        refusals.add("/a", ALICE, refused("no"), NOW);
        for (int i = 1; i <= 12; i++) {
            refusals.add("/b", ALICE, refused("no"), NOW.plusSeconds(i));
        }
        assertThat(text(refusals.page(ALICE)))
                .startsWith("2026-01-02T03:04:17Z, 12 times in a row  /b\n")
                .containsSubsequence("/b\n", "2026-01-02T03:04:05Z  /a\n");
    }

    @Test
    void pageHasOneLengthHoweverMuchThereIsToSay() {
        for (int i = 0; i < 50; i++) {
            refusals.add("/x" + "x".repeat(i * 20), ALICE, refused("y z".repeat(i * 20)), NOW.plusSeconds(i));
            assertThat(text(refusals.page(ALICE))).contains("/x");
        }
    }

    @Test
    void whatACallerNamesItsProgramStaysText() {
        refusals.add("/f", ALICE, refused("pid 7 (/tmp/\u001b[2J\u202e\n) is traced"), NOW);
        assertThat(text(refusals.page(ALICE))).contains("pid 7 (/tmp/?[2J??) is traced");
    }

    @ParameterizedTest
    @EnumSource(
            value = Failure.class,
            names = {"MASTER_UNAVAILABLE", "AUDIT_UNAVAILABLE", "BUG", "CONFIGURATION_INVALID"})
    void filesOfTheHostAreNotNamed(Failure failure) {
        refusals.add("/f", ALICE, new RefusedException(failure, "/etc/credfs/github.macaroon: mode 0644"), NOW);
        assertThat(text(refusals.page(ALICE)))
                .contains("/f", "tell the operator")
                .doesNotContain("/etc");
    }

    @Test
    void boundedNumberOfCallersIsRemembered() {
        for (int uid = 1; uid <= 10; uid++) {
            refusals.add("/f", Fixture.onHost(uid, uid), refused("no"), NOW);
        }
        assertThat(refusals.size()).isEqualTo(3);
        assertThat(text(refusals.page(Fixture.onHost(7, 7)))).isEqualTo(NOTHING);
        assertThat(text(refusals.page(Fixture.onHost(8, 8)))).contains("/f");
    }

    @Test
    void readingItMintsNothingAndIsNotOnTheRecord() throws Exception {
        assertThat(cat(ALICE)).isEqualTo(NOTHING);
        assertThatThrownBy(() -> mint.open("/closed", ALICE)).hasMessage("no rule allows anybody");
        assertThat(cat(ALICE)).contains("/closed", "no rule allows anybody");
        assertThat(cat(BOB)).isEqualTo(NOTHING);
        assertThat(record).hasSize(1).first().isInstanceOf(AuditEvent.Refused.class);
    }

    @Test
    void attributesAreThoseOfEveryContentAndNobodyFindsItInTheTree() throws Exception {
        Attributes before = mint.attributes("/.why");
        assertThatThrownBy(() -> mint.open("/closed", ALICE)).isInstanceOf(RefusedException.class);
        assertThat(mint.attributes("/.why")).isEqualTo(before);
        assertThat(before.sizeBytes()).isEqualTo(LastRefusals.LENGTH_BYTES);
        assertThat(before.inode())
                .isNotIn(
                        mint.attributes("/").inode(),
                        mint.attributes("/open").inode(),
                        mint.attributes("/closed").inode());
        assertThat(mint.list("/")).containsExactly("closed", "open");
    }

    @Test
    void itsDescriptorIsForItsOpenerAlone() throws Exception {
        assertThatThrownBy(() -> mint.open("/closed", ALICE)).isInstanceOf(RefusedException.class);
        FileHandle handle = mint.open("/.why", ALICE);
        assertThatThrownBy(() -> mint.read(handle, BOB, 0, 4096)).isInstanceOf(RefusedException.class);
        assertThat(record).last().isInstanceOf(AuditEvent.RefusedRead.class);
        assertThat(cat(BOB)).contains("/.why", "opened by another user").doesNotContain("1000", "pid", "/closed");
    }

    @Test
    void openFilesAreBoundedAndTheRefusalIsShown() throws Exception {
        FileHandle handle = mint.open("/open", ALICE);
        mint.open("/open", ALICE);
        mint.open("/open", ALICE);
        assertThatThrownBy(() -> mint.open("/open", BOB)).hasMessageContaining("more than 3 files");
        mint.release(handle);
        assertThat(cat(BOB)).contains("/open", "more than 3 files are open");
    }

    @Test
    void itsOpenPagesAreBoundedForEachUserAndTakeNoPlaceFromATokenFile() throws Exception {
        for (int i = 0; i < LastRefusals.MOST_OPEN_PER_USER; i++) {
            mint.open("/.why", ALICE);
        }
        assertThatThrownBy(() -> mint.open("/.why", ALICE)).hasMessageContaining("open 16 times");
        assertThat(mint.openFileCount()).isZero();
        mint.release(mint.open("/.why", BOB));
        mint.open("/open", ALICE);
        for (int uid = 2000; uid < 2000 + LastRefusals.MOST_OPEN; uid++) {
            try {
                mint.open("/.why", Fixture.onHost(uid, uid));
            } catch (RefusedException e) {
                assertThat(uid).isEqualTo(2000 + LastRefusals.MOST_OPEN - LastRefusals.MOST_OPEN_PER_USER);
                return;
            }
        }
        throw new AssertionError("no bound over all users");
    }

    @Test
    void unclearCallersRefusalIsShownToNobody() throws Exception {
        mint.refusedUnclear("/open", 7, new Uid(1000), refused("traced"));
        assertThat(cat(ALICE)).isEqualTo(NOTHING);
    }

    @Test
    void treeWithAFileOfThatNameIsNone() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> mint.edition(
                        Directory.of(Map.of(".why", Fixture.file("/.why", Duration.ofMinutes(5), Fixture.ANYBODY)))));
    }
}
