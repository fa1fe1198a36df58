package dev.credfs.cli;

import dev.credfs.audit.AuditStatus;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.mint.Counts;
import dev.credfs.mint.Master;
import dev.credfs.mint.Mint;
import dev.credfs.policy.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JsonGenerator;

/**
 * How a running mount is, at one moment.
 *
 * @param since when its configuration was taken up
 */
record Status(long pid, Instant started, Instant since, Instant now, Loaded loaded, Mint mint, AuditStatus log) {

    /** 0 when every file can be read; else the reason why not, the one that stops all files before others. */
    int exitStatus() {
        if (!log.problem().isEmpty() || !log.headProblem().isEmpty()) {
            return Failure.AUDIT_UNAVAILABLE.exitStatus();
        }
        return loaded.problems(now).isEmpty() && loaded.trustProblems().isEmpty()
                ? 0
                : Failure.MASTER_UNAVAILABLE.exitStatus();
    }

    void print(String configuration, Terminal terminal) {
        Duration up = Duration.between(started, now).truncatedTo(ChronoUnit.SECONDS);
        terminal.check(
                true,
                "pid " + pid + " serves " + loaded.configuration().mount() + " for "
                        + up.toString().substring("PT".length()).toLowerCase(Locale.ROOT));
        terminal.check(true, configuration);
        for (String name : loaded.masters().keySet()) {
            String problem = loaded.problem(name, now);
            terminal.check(
                    problem.isEmpty(),
                    (problem.isEmpty() ? "master '" + name + "' until " + expiry(name) : problem) + "; of "
                            + String.join(" ", files(name)));
        }
        for (TrustFiles files : loaded.trust()) {
            terminal.check(files.problem().isEmpty(), files.outcome());
        }
        terminal.check(
                log.problem().isEmpty(),
                "audit log " + log.file() + ": "
                        + (log.problem().isEmpty()
                                ? log.written() + " records, " + log.synced() + " of them on the disk"
                                : log.problem()));
        if (!log.headProblem().isEmpty()) {
            terminal.check(false, log.headProblem());
        }
        Counts.Snapshot counts = mint.counts();
        terminal.out().println("  given: " + counts.minted() + " minted, " + counts.coalesced() + " again");
        terminal.out().println("  refused: " + refusals(counts));
        terminal.out().println("  open: " + mint.openFileCount() + " of " + mint.maxOpenFiles());
    }

    private static String refusals(Counts.Snapshot counts) {
        List<String> texts = new ArrayList<>();
        counts.refused().forEach((failure, count) -> texts.add(count + " " + word(failure)));
        return texts.isEmpty() ? "0" : String.join(", ", texts);
    }

    private static String word(Failure failure) {
        return failure.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private String expiry(String master) {
        if (loaded.masters().get(master) instanceof Master.Available available) {
            MasterMacaroon macaroon = available.macaroon();
            return macaroon.expiry().equals(Instant.MAX)
                    ? ""
                    : macaroon.expiry().toString();
        }
        return "";
    }

    private List<String> files(String master) {
        List<String> paths = new ArrayList<>();
        for (Configuration.FileDefinition file : loaded.configuration().files()) {
            if (file.master().equals(master)) {
                paths.add(file.path());
            }
        }
        return paths;
    }

    void write(JsonGenerator document) {
        document.writeBooleanProperty("ok", exitStatus() == 0);
        document.writeNumberProperty("pid", pid);
        document.writeStringProperty("mount", loaded.configuration().mount().toString());
        document.writeStringProperty("started", started.toString());
        document.writeObjectPropertyStart("configuration");
        document.writeNumberProperty("generation", mint.generation());
        document.writeStringProperty("since", since.toString());
        document.writeStringProperty("file", loaded.configuration().file().toString());
        document.writeBooleanProperty("changed", loaded.hasChanged());
        document.writeEndObject();
        document.writeArrayPropertyStart("masters");
        for (String name : loaded.masters().keySet()) {
            document.writeStartObject();
            document.writeStringProperty("name", name);
            document.writeStringProperty("problem", loaded.problem(name, now));
            document.writeStringProperty("expiry", expiry(name));
            document.writeArrayPropertyStart("files");
            files(name).forEach(document::writeString);
            document.writeEndArray();
            document.writeEndObject();
        }
        document.writeEndArray();
        document.writeArrayPropertyStart("trust");
        loaded.trust().forEach(files -> document.writeString(files.outcome()));
        document.writeEndArray();
        document.writeNumberProperty("files", loaded.configuration().files().size());
        document.writeNumberProperty("files_served", loaded.filesServed(now));
        document.writeObjectPropertyStart("audit");
        document.writeStringProperty("file", log.file().toString());
        document.writeNumberProperty("written", log.written());
        document.writeNumberProperty("synced", log.synced());
        document.writeStringProperty("problem", log.problem());
        document.writeStringProperty("head_problem", log.headProblem());
        document.writeEndObject();
        Counts.Snapshot counts = mint.counts();
        document.writeNumberProperty("minted", counts.minted());
        document.writeNumberProperty("coalesced", counts.coalesced());
        document.writeObjectPropertyStart("refused");
        for (Map.Entry<Failure, Long> refused : counts.refused().entrySet()) {
            document.writeNumberProperty(word(refused.getKey()), refused.getValue());
        }
        document.writeEndObject();
        document.writeNumberProperty("open_files", mint.openFileCount());
        document.writeNumberProperty("most_open_files", mint.maxOpenFiles());
    }
}
