package dev.credfs.mint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Expiry;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.PresentedMacaroon;
import dev.credfs.macaroon.RootKey;
import dev.credfs.macaroon.VerifiedMacaroon;
import dev.credfs.policy.Caller;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Container;
import dev.credfs.policy.Failure;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Tid;
import dev.credfs.policy.Uid;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class MintTest {
    private static final Duration TTL = Duration.ofMinutes(5);
    private static final int MAX_OPEN = 3;
    private static final Caller ALICE = Fixture.onHost(100, 1000);
    private static final Caller BOB = Fixture.onHost(200, 2000);
    private static final Policy ONLY_ALICE =
            new Policy(List.of(new Rule(List.of(new Condition.HasUid(new Uid(1000))), Narrowing.NONE)));

    private final RecordInMemory record = new RecordInMemory();
    private final HandClock clock = new HandClock();
    private final RootKey key = RootKey.generate(new SecureRandom());
    private final Mint mint = mint(tree(new Master.Available(key.issue(new KeyId("k"), List.of())), ONLY_ALICE));

    private Mint mint(Directory tree) {
        return new Mint(tree, record, clock, new SecureRandom(), MAX_OPEN);
    }

    private static Directory tree(Master master, Policy policy) {
        return Directory.of(Map.of("github", Directory.of(Map.of("token", file(master, policy)))));
    }

    private static TokenFile file(Master master, Policy policy) {
        try {
            return new TokenFile(
                    "/github/token",
                    master,
                    TTL,
                    List.of(new Audience("gateway.local")),
                    policy,
                    Template.parse("${token}", Map.of()));
        } catch (TemplateSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String text(Slice slice) {
        return new String(slice.content(), slice.from(), slice.lengthBytes(), StandardCharsets.US_ASCII);
    }

    private String readAll(FileHandle handle, Caller reader) throws RefusedException {
        return text(mint.read(handle, reader, 0, 4096));
    }

    private VerifiedMacaroon verified(String token) throws Exception {
        return PresentedMacaroon.parse(token.getBytes(StandardCharsets.US_ASCII))
                .verify(key);
    }

    private static void assertRefused(Failure failure, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        RefusedException.class,
                        refused -> assertThat(refused.failure()).isEqualTo(failure));
    }

    @Test
    void openMintsATokenThatClearsAndIsOnTheRecord() throws Exception {
        String token = readAll(mint.open("/github/token", ALICE), ALICE);

        VerifiedMacaroon verified = verified(token);
        assertThat(verified.clear(Access.parse("GET https://api.github.com/", clock, new Audience("gateway.local"))))
                .isEmpty();
        assertThat(record.events()).hasSize(1);
        AuditEvent.Minted event = record.events(AuditEvent.Minted.class).get(0);
        assertThat(event.path()).isEqualTo("/github/token");
        assertThat(event.caller()).isEqualTo(ALICE);
        assertThat(event.rule()).isEqualTo("{ uid: 1000 }");
        assertThat(event.ruleNumber()).isEqualTo(1);
        assertThat(verified.tokenId().orElseThrow().ulid()).isEqualTo(event.tokenId());
        assertThat(verified.caveats()).isEqualTo(event.caveats());
        assertThat(event.expiry())
                .isEqualTo(Fixture.NOW.truncatedTo(ChronoUnit.SECONDS).plus(TTL));
        assertThat(verified.caveats()).last().isEqualTo(new Expiry(event.expiry()));
    }

    @Test
    void warmUpMakesOnlyTokensThatHaveExpiredAndIsOnNoRecord() throws Exception {
        List<AuditEvent> rehearsed = new ArrayList<>();
        TokenFile ofAllWidths = new TokenFile(
                "/token",
                new Master.Available(key.issue(new KeyId("k"), List.of())),
                TTL,
                List.of(new Audience("gateway.local")),
                ONLY_ALICE,
                Template.parse("${token} ${basic} ${expires} ${expires_unix} ${jti}", Map.of("login", "me")));
        Mint mint = mint(Directory.of(Map.of("token", ofAllWidths)));

        mint.warmUp(rehearsed::add, 10);

        assertThat(rehearsed)
                .hasSize(10)
                .allSatisfy(event ->
                        assertThat(((AuditEvent.Minted) event).expiry()).isEqualTo(TokenFile.SAMPLE_TIME.plus(TTL)));
        assertThat(record.events()).isEmpty();
        assertThat(mint.openFileCount()).isZero();
        assertThat(mint.counts().minted()).isZero();
    }

    @Test
    void twoOpensGiveTwoTokens() throws Exception {
        FileHandle one = mint.open("/github/token", ALICE);
        FileHandle two = mint.open("/github/token", ALICE);

        assertThat(one).isNotEqualTo(two);
        assertThat(readAll(one, ALICE)).isNotEqualTo(readAll(two, ALICE));
    }

    @Test
    void callerWithoutARuleIsRefusedAndOnTheRecord() {
        assertRefused(Failure.CALLER_REFUSED, () -> mint.open("/github/token", BOB));

        assertThat(record.events()).singleElement().isInstanceOfSatisfying(AuditEvent.Refused.class, event -> {
            assertThat(event.caller()).isEqualTo(BOB);
            assertThat(event.failure()).isEqualTo(Failure.CALLER_REFUSED);
        });
        assertThat(mint.openFileCount()).isZero();
    }

    @Test
    void nothingIsHandedOutThatCouldNotBeRecorded() throws Exception {
        FileHandle open = mint.open("/github/token", ALICE);
        record.setFull(true);

        assertRefused(Failure.AUDIT_UNAVAILABLE, () -> mint.open("/github/token", ALICE));
        assertRefused(Failure.AUDIT_UNAVAILABLE, () -> mint.open("/github/token", BOB));
        clock.move(Duration.ofSeconds(2));
        assertRefused(Failure.AUDIT_UNAVAILABLE, () -> mint.read(open, ALICE, 0, 4096));
        assertThat(mint.openFileCount()).isEqualTo(1);

        record.setFull(false);
        mint.release(mint.open("/github/token", ALICE));
        assertThat(readAll(open, ALICE)).isNotEmpty();
    }

    @Test
    void bugIsAnsweredEvenIfItCannotBeRecorded() {
        record.setFull(true);
        mint.internalError("read", new IllegalStateException("a secret"));
        record.setFull(false);
        mint.internalError("read", new IllegalStateException("a secret"));

        assertThat(record.events(AuditEvent.Fault.class))
                .singleElement()
                .satisfies(fault -> assertThat(fault.error())
                        .contains("IllegalStateException")
                        .doesNotContain("secret"));
    }

    @Test
    void readAtTheStartOfAnOldTokenMintsAnewAndOthersDoNot() throws Exception {
        FileHandle handle = mint.open("/github/token", ALICE);
        String first = readAll(handle, ALICE);

        clock.move(Duration.ofSeconds(1));
        assertThat(readAll(handle, ALICE)).as("a second old").isEqualTo(first);
        clock.move(Duration.ofNanos(1));
        assertThat(text(mint.read(handle, ALICE, 10, 4096))).isEqualTo(first.substring(10));
        String second = readAll(handle, ALICE);
        assertThat(second).isNotEqualTo(first);
        assertThat(text(mint.read(handle, ALICE, 10, 4096))).isEqualTo(second.substring(10));
        assertThat(record.events(AuditEvent.Minted.class)).hasSize(2);
    }

    @Test
    void clockThatWasSetBackMakesATokenStale() throws Exception {
        FileHandle handle = mint.open("/github/token", ALICE);
        String first = readAll(handle, ALICE);

        clock.move(Duration.ofHours(-1));

        assertThat(readAll(handle, ALICE)).isNotEqualTo(first);
    }

    @Test
    void eachThreadGoesOnWithTheTokenThatItBegan() throws Exception {
        Caller thread = thread(ALICE, 101);
        FileHandle handle = mint.open("/github/token", ALICE);
        String first = readAll(handle, ALICE);
        clock.move(Duration.ofSeconds(2));
        String second = readAll(handle, thread);

        assertThat(second).isNotEqualTo(first);
        assertThat(text(mint.read(handle, ALICE, 7, 50))).isEqualTo(first.substring(7, 57));
        assertThat(text(mint.read(handle, thread, 7, 50))).isEqualTo(second.substring(7, 57));
    }

    @Test
    void anotherUserNamespaceOrCgroupOrUidMayNotReadWhatWasOpened() throws Exception {
        FileHandle handle = mint.open("/github/token", ALICE);
        Caller otherNamespace = Fixture.withPlace(ALICE, ALICE.cgroup(), 1, Container.HOST);
        Caller otherCgroup = Fixture.withPlace(ALICE, "0::/else\n", ALICE.userNamespace(), Container.HOST);

        for (Caller reader : List.of(Fixture.onHost(100, 2000), otherNamespace, otherCgroup)) {
            assertRefused(Failure.CALLER_REFUSED, () -> mint.read(handle, reader, 0, 4096));
            assertRefused(Failure.CALLER_REFUSED, () -> mint.read(handle, reader, 10, 4096));
        }
        mint.recordAllRepeats();
        assertThat(record.events(AuditEvent.RefusedAgain.class))
                .extracting(AuditEvent.RefusedAgain::times)
                .containsExactly(1L, 2L);
        assertThat(record.events(AuditEvent.RefusedRead.class))
                .hasSize(3)
                .allSatisfy(event -> assertThat(event.opener()).isEqualTo(ALICE));
        assertThat(readAll(handle, Fixture.onHost(555, 1000)))
                .as("a child of the opener")
                .isNotEmpty();
    }

    @Test
    void sliceIsWhatIsLeftAndNoMore() throws Exception {
        FileHandle handle = mint.open("/github/token", ALICE);
        String token = readAll(handle, ALICE);
        int length = token.length();

        for (long offset :
                new long[] {0, 1, length - 1, length, length + 1L, 4096, Integer.MAX_VALUE, Long.MAX_VALUE}) {
            for (int size : new int[] {0, 1, length - 1, length, length + 1, Integer.MAX_VALUE}) {
                int from = (int) Math.min(offset, length);
                assertThat(text(mint.read(handle, ALICE, offset, size))).isEqualTo(token.substring(from, (int)
                        Math.min((long) from + size, length)));
            }
        }
    }

    @Test
    void attributesNamesAndWrongPathsMintNothing() throws Exception {
        Attributes file = mint.attributes("/github/token");
        Attributes root = mint.attributes("/");

        assertThat(mint.list("/")).containsExactly("github");
        assertThat(mint.list("/github")).containsExactly("token");
        assertThat(root.directory()).isTrue();
        assertThat(root.inode()).isEqualTo(1);
        assertThat(file.directory()).isFalse();
        assertThat(file.modified()).isBeforeOrEqualTo(Fixture.NOW);
        for (String path : List.of("/nowhere", "/github/", "github", "", "/github/token/x", "/GITHUB")) {
            assertRefused(Failure.NO_SUCH_PATH, () -> mint.attributes(path));
            assertRefused(Failure.NO_SUCH_PATH, () -> mint.open(path, ALICE));
        }
        assertRefused(Failure.NO_SUCH_PATH, () -> mint.list("/github/token"));
        assertRefused(Failure.NO_SUCH_PATH, () -> mint.open("/github", ALICE));
        assertThat(record.events()).isEmpty();

        assertThat(readAll(mint.open("/github/token", ALICE), ALICE)).hasSize((int) file.sizeBytes());
    }

    @Test
    void asManyFilesAsAllowedAreOpenAndNoMore() throws Exception {
        FileHandle last = new FileHandle(1);
        for (int i = 0; i < MAX_OPEN; i++) {
            last = mint.open("/github/token", ALICE);
        }
        assertRefused(Failure.TOO_MANY_OPEN, () -> mint.open("/github/token", ALICE));
        assertThat(record.events(AuditEvent.Refused.class)).hasSize(1);

        mint.release(last);
        mint.release(last);
        assertThat(mint.openFileCount()).isEqualTo(MAX_OPEN - 1);
        mint.open("/github/token", ALICE);
        assertRefused(Failure.TOO_MANY_OPEN, () -> mint.open("/github/token", ALICE));
    }

    @Test
    void handleThatIsNotOpenIsABug() throws Exception {
        FileHandle handle = mint.open("/github/token", ALICE);
        mint.release(handle);

        for (FileHandle unknown : List.of(handle, new FileHandle(0), new FileHandle(-1), new FileHandle(99))) {
            assertRefused(Failure.BUG, () -> mint.read(unknown, ALICE, 0, 1));
        }
    }

    @Test
    void masterThatExpiresEndsItsTokensAndThenAllOfThem() throws Exception {
        Instant end = Fixture.NOW.truncatedTo(ChronoUnit.SECONDS).plusSeconds(60);
        Mint dying = mint(tree(new Master.Available(key.issue(new KeyId("k"), List.of(new Expiry(end)))), ONLY_ALICE));

        FileHandle handle = dying.open("/github/token", ALICE);
        assertThat(record.events(AuditEvent.Minted.class))
                .singleElement()
                .satisfies(event -> assertThat(event.expiry()).isEqualTo(end));
        clock.move(Duration.between(Fixture.NOW, end));
        assertRefused(Failure.MASTER_UNAVAILABLE, () -> dying.open("/github/token", ALICE));
        assertRefused(Failure.MASTER_UNAVAILABLE, () -> dying.read(handle, ALICE, 0, 4096));
        assertThat(dying.attributes("/github/token").sizeBytes()).isPositive();
        dying.recordAllRepeats();
        assertThat(record.events(AuditEvent.Refused.class)).hasSize(1);
        assertThat(record.events(AuditEvent.RefusedAgain.class))
                .singleElement()
                .satisfies(event -> assertThat(event.times()).isEqualTo(1));
    }

    @Test
    void masterThatIsNotThereDisablesItsFilesAlone() throws Exception {
        TokenFile broken = file(new Master.Unavailable("cannot be read"), ONLY_ALICE);
        Mint half = mint(Directory.of(Map.of("broken", broken, "whole", Fixture.file("/whole", TTL, Fixture.ANYBODY))));

        assertThat(half.attributes("/broken").sizeBytes()).isZero();
        assertRefused(Failure.MASTER_UNAVAILABLE, () -> half.open("/broken", ALICE));
        assertRefused(Failure.CALLER_REFUSED, () -> half.open("/broken", BOB));
        assertThat(half.read(half.open("/whole", BOB), BOB, 0, 4096).lengthBytes())
                .isPositive();
    }

    @Test
    void openFileIsMintedAnewByTheTreeThatIsServedNow() throws Exception {
        FileHandle handle = mint.open("/github/token", ALICE);
        String first = readAll(handle, ALICE);

        mint.edition(tree(new Master.Available(key.issue(new KeyId("k"), List.of())), new Policy(List.of())))
                .serve();

        assertThat(readAll(handle, ALICE)).isEqualTo(first);
        clock.move(Duration.ofSeconds(2));
        assertRefused(Failure.CALLER_REFUSED, () -> mint.read(handle, ALICE, 0, 4096));
        mint.edition(Directory.of(Map.of())).serve();
        assertRefused(Failure.NO_SUCH_PATH, () -> mint.read(handle, ALICE, 0, 4096));
    }

    @Test
    void unclearCallerIsOnTheRecord() throws Exception {
        mint.refusedUnclear("/github/token", 7, new Uid(9), new RefusedException(Failure.CALLER_REFUSED, "gone"));

        assertThat(record.events()).singleElement().isInstanceOfSatisfying(AuditEvent.RefusedUnclear.class, event -> {
            assertThat(event.tid()).isEqualTo(7);
            assertThat(event.uid()).isEqualTo(9);
            assertThat(event.why()).isEqualTo("gone");
        });
    }

    @Test
    void contentIsNeverEmptyAndNeverTheMaster() throws Exception {
        byte[] master = key.issue(new KeyId("k"), List.of()).revealMasterFile();
        FileHandle handle = mint.open("/github/token", ALICE);
        Slice slice = mint.read(handle, ALICE, 0, 4096);

        assertThat(slice.lengthBytes()).isPositive();
        assertThat(slice.content()).isNotEqualTo(Arrays.copyOf(master, master.length - 1));
        assertThat(slice.content())
                .hasSize((int) mint.attributes("/github/token").sizeBytes());
    }

    private static Caller thread(Caller of, int tid) {
        return new Caller(
                new Tid(tid),
                of.pid(),
                of.startTicks(),
                of.uid(),
                of.gid(),
                of.executable(),
                of.cgroup(),
                of.userNamespace(),
                of.container());
    }
}
