package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.NOW;
import static dev.credfs.caveat.CaveatAssertions.access;
import static dev.credfs.caveat.CaveatAssertions.assertClears;
import static dev.credfs.caveat.CaveatAssertions.assertProhibits;
import static dev.credfs.caveat.CaveatAssertions.parsed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.InstantSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What git announces in a query, and what {@code path} and {@code method} say to it. */
final class GitServiceTest {
    private static final String READ = "path = /acme/site.git/info/refs /acme/site.git/git-upload-pack";
    private static final String PUSH = READ + " /acme/site.git/git-receive-pack";
    private static final String SITE = "https://git.test/acme/site.git";

    private static Access refs(String query) {
        return access("GET " + SITE + "/info/refs" + query);
    }

    @Test
    void readingClearsAndPushingDoesNotWhereOnlyReadingIsNamed() {
        assertClears(READ, refs("?service=git-upload-pack"));
        assertClears(READ, access("POST " + SITE + "/git-upload-pack"));
        assertProhibits(READ, refs("?service=git-receive-pack"));
        assertProhibits(READ, access("POST " + SITE + "/git-receive-pack"));
        assertClears(PUSH, refs("?service=git-receive-pack"));
        assertClears(PUSH, access("POST " + SITE + "/git-receive-pack"));
    }

    @Test
    void aServiceAloneDoesNotClearItsAdvertisementAndTheAdvertisementNoService() {
        assertProhibits("path = /acme/site.git/git-upload-pack", refs("?service=git-upload-pack"));
        assertProhibits("path = /acme/site.git/info/refs", refs("?service=git-upload-pack"));
    }

    @Test
    void everythingOfARepositoryIsOneGlob() {
        assertClears("path = /acme/site.git/**", refs("?service=git-receive-pack"));
        assertProhibits("path = /acme/site/**", refs("?service=git-upload-pack"));
        assertClears("path = /acme/*/info/refs /acme/*/git-upload-pack", refs("?service=git-upload-pack"));
        assertProhibits("path = /acme/*/info/refs /acme/*/git-upload-pack", refs("?service=git-receive-pack"));
    }

    @Test
    void twoPathCaveatsMustBothNameTheService() {
        assertClears("path = /acme/**", refs("?service=git-receive-pack"));
        assertProhibits(READ, refs("?service=git-receive-pack"));
    }

    @Test
    void aMethodCaveatMustNameThePostAsWell() {
        assertClears("method = GET,POST", refs("?service=git-upload-pack"));
        assertThat(parsed("method = GET,HEAD").prohibits(refs("?service=git-upload-pack")))
                .hasValueSatisfying(prohibition ->
                        assertThat(prohibition.why()).isEqualTo("it announces POST /acme/site.git/git-upload-pack"));
        assertProhibits("method = POST", refs("?service=git-upload-pack"));
    }

    @Test
    void whatIsAnnouncedIsInTheReason() {
        assertThat(parsed(READ).prohibits(refs("?service=git-receive-pack")))
                .hasValueSatisfying(prohibition ->
                        assertThat(prohibition.why()).isEqualTo("it announces POST /acme/site.git/git-receive-pack"));
    }

    @Test
    void theListOfTheDumbProtocolAnnouncesNothing() {
        assertClears("path = /acme/site.git/info/refs", refs(""));
        assertClears("path = /acme/site.git/info/refs", refs("?"));
    }

    @ParameterizedTest
    @CsvSource({
        "/info/refs, /git-upload-pack",
        "/a/info/refs, /a/git-upload-pack",
        "/a/info/refs/, /a/git-upload-pack",
        "/a/b/c%20d/info/refs, /a/b/c%20d/git-upload-pack",
        "/a/%69nfo/ref%73, /a/git-upload-pack",
        "/info/refs/info/refs, /info/refs/git-upload-pack",
    })
    void theServiceStandsBesideInfo(String path, String announced) {
        assertThat(access("GET https://git.test" + path + "?service=git-upload-pack")
                        .announced()
                        .orElseThrow()
                        .path())
                .hasToString(announced);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/a/info/refs.lock", "/a/info/refs/heads", "/a/infos/refs", "/refs", "/info", "/", "/a/INFO/REFS"
            })
    void everyOtherPathHasAnyQueryAndAnnouncesNothing(String path) {
        Access access = access("GET https://git.test" + path + "?service=git-receive-pack&x=1");
        assertThat(access.announced()).isEmpty();
        assertThat(access).hasToString("GET https://git.test" + path);
    }

    @ParameterizedTest
    @CsvSource({
        "service=, 48",
        "service=git-, 52",
        "service=upload-pack, 48",
        "service=git-upload-pack&service=git-receive-pack, 63",
        "service=git-upload-pack;service=git-receive-pack, 63",
        "service=git-upload-pack&, 63",
        "&service=git-upload-pack, 40",
        "x=1&service=git-upload-pack, 40",
        "SERVICE=git-upload-pack, 40",
        "s%65rvice=git-upload-pack, 41",
        "service=git%2dupload-pack, 51",
        "service=git-upload-pack%00, 63",
        "service=git-Upload-pack, 52",
        "service[]=git-upload-pack, 47",
        "service =git-upload-pack, 47",
        "x=1, 40",
    })
    void oneSpellingOfTheQueryIsReadAndEveryOtherRefused(String query, int column) {
        String text = "GET " + SITE + "/info/refs?" + query;
        assertThat(text.indexOf('?')).isEqualTo(44);
        assertThatThrownBy(() -> Access.parse(text, InstantSource.fixed(NOW), new Audience("gateway.local")))
                .isInstanceOfSatisfying(
                        CaveatSyntaxException.class, e -> assertThat(e.column()).isEqualTo(column + 6));
    }

    @Test
    void theAccessPrintsAsItWasWrittenAndStaysSoWhateverIsAdded() {
        String text = "GET " + SITE + "/info/refs?service=git-receive-pack";
        assertThat(access(text)).hasToString(text);
        assertThat(access(text).withoutTls().asCall(3))
                .hasToString(text.replace("https:", "http:").replace("git.test", "git.test:443"));
    }
}
