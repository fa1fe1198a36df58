package dev.credfs.caveat;

import static dev.credfs.caveat.CaveatAssertions.access;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;

/** Text from anybody: refused with the one exception for it, or read into what prints the same. */
final class CaveatFuzzTest {
    private static final Access ACCESS = access("GET https://api.github.com/repos/acme/x");

    @FuzzTest
    void predicate(byte[] predicate) {
        Caveat caveat = Caveat.read(predicate);
        require(caveat.predicate().equals(new String(predicate, StandardCharsets.ISO_8859_1)), "one spelling");
        require(isPrintable(caveat.printable()), "what is shown is one line of ASCII");
        caveat.prohibits(ACCESS)
                .ifPresent(prohibition -> require(isPrintable(prohibition.toString()), "one line of ASCII"));
        if (caveat instanceof Unrecognized) {
            require(caveat.prohibits(ACCESS).isPresent(), "what is not understood prohibits");
        }
    }

    @FuzzTest
    void requestPath(byte[] path) {
        try {
            for (String segment :
                    RequestPath.parse(new String(path, StandardCharsets.UTF_8)).segments()) {
                require(!segment.equals(".") && !segment.equals(".."), "no dot segment");
                require(segment.chars().noneMatch(c -> c < ' ' || "/\\;%".indexOf(c) >= 0), "nothing ambiguous");
            }
        } catch (CaveatSyntaxException e) {
            require(isPrintable(String.valueOf(e.getMessage())), "one line of ASCII");
        }
    }

    @FuzzTest
    void accessText(byte[] text) {
        try {
            Access read = Access.parse(
                    new String(text, StandardCharsets.UTF_8),
                    InstantSource.fixed(CaveatAssertions.NOW),
                    new Audience("gateway.local"));
            require(isPrintable(read.toString()), "one line of ASCII");
        } catch (CaveatSyntaxException e) {
            require(isPrintable(String.valueOf(e.getMessage())), "one line of ASCII");
        }
    }

    private static boolean isPrintable(String text) {
        return text.chars().allMatch(c -> c >= ' ' && c <= '~');
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
