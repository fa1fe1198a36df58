package dev.credfs.cli;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.Prohibition;
import dev.credfs.macaroon.VerifiedMacaroon;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/**
 * One thing that was asked of a token for an access.
 *
 * @param caveat a predicate, the name of a missing one, or {@code signature}
 * @param why empty where there is nothing to say
 */
record Check(String caveat, boolean passed, String why) {

    /** Each caveat in its order, then those that are missing. */
    static List<Check> of(List<Caveat> caveats, Access attempt) {
        List<Check> checks = new ArrayList<>();
        for (Caveat caveat : caveats) {
            String why = caveat.prohibits(attempt).map(Prohibition::why).orElse("");
            checks.add(new Check(caveat.predicate(), why.isEmpty(), why));
        }
        for (Prohibition missing : VerifiedMacaroon.missingToClear(caveats)) {
            checks.add(new Check(missing.caveat(), false, missing.why()));
        }
        return checks;
    }

    void print(Terminal terminal) {
        terminal.check(passed, why.isEmpty() ? caveat : caveat + ": " + why);
    }

    /** Writes the property {@code checks}. */
    static void write(List<Check> checks, JsonGenerator document) {
        document.writeArrayPropertyStart("checks");
        for (Check check : checks) {
            document.writeStartObject();
            document.writeStringProperty("caveat", check.caveat());
            document.writeBooleanProperty("passed", check.passed());
            if (!check.why().isEmpty()) {
                document.writeStringProperty("why", check.why());
            }
            document.writeEndObject();
        }
        document.writeEndArray();
    }
}
