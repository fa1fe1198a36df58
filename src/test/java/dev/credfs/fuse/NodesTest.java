package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class NodesTest {
    private final Nodes nodes = new Nodes();

    @BeforeEach
    void lookUpAFileInADirectory() {
        nodes.found(Protocol.ROOT, "github", 2);
        nodes.found(2, "token", 3);
    }

    @Test
    void pathIsThatOfTheLookupsThatLedThere() {
        assertThat(nodes.path(2)).isEqualTo("/github");
        assertThat(nodes.path(3)).isEqualTo("/github/token");
        assertThat(nodes.path(4)).isNull();
    }

    @Test
    void nodeIsGoneWithTheLastOfItsLookupsAndStaysWithoutItsDirectory() {
        nodes.found(2, "token", 3);
        nodes.forget(2, 1);
        nodes.forget(3, 1);
        assertThat(nodes.path(2)).isNull();
        assertThat(nodes.path(3)).isEqualTo("/github/token");
        nodes.forget(3, 1);
        assertThat(nodes.path(3)).isNull();
        nodes.forget(3, 1);
        assertThat(nodes.path(3)).isNull();
    }

    @Test
    void numberThatIsGivenOutAgainLeadsToItsNewNode() {
        nodes.found(2, "other", 3);
        assertThat(nodes.path(3)).isEqualTo("/github/other");
        nodes.forget(3, 1);
        assertThat(nodes.path(3)).isNull();
    }

    @Test
    void dotsOfAFileHandleLeadToTheNodeAndAboveIt() {
        nodes.found(3, ".", 3);
        nodes.found(3, "..", 2);
        assertThat(nodes.path(3)).isEqualTo("/github/token");
        assertThat(nodes.path(2)).isEqualTo("/github");
        nodes.found(2, "..", Protocol.ROOT);
        nodes.forget(Protocol.ROOT, 1);
        nodes.found(Protocol.ROOT, "again", 5);
        assertThat(nodes.path(5)).isEqualTo("/again");
    }

    @Test
    void nothingIsKnownBelowWhatIsNotKnown() {
        nodes.found(9, "token", 10);
        assertThat(nodes.path(10)).isNull();
    }
}
