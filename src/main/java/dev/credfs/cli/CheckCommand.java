package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.caveat.Caveat;
import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code credfs check}: what a mount of this configuration would do, without mounting. */
@Command(
        name = "check",
        description =
                "Read a configuration and its masters as 'mount' would, and the form of its gateway; say what is wrong"
                        + " and what is doubtful.")
final class CheckCommand implements Callable<Integer> {
    @Option(names = "--config", required = true, paramLabel = "FILE", description = "the configuration")
    private Path config = Path.of("");

    @Option(names = "--json", description = "print credfs/check/v1")
    private boolean json;

    private final Terminal terminal;
    private final InstantSource clock;

    CheckCommand(Terminal terminal, InstantSource clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws CommandException {
        if (GatewayReader.isAlone(config)) {
            return gatewayAlone();
        }
        Loaded loaded = Loaded.from(config, new Identities());
        List<String> routes = GatewayReader.check(config);
        List<String> presets = presets(loaded);
        List<String> problems = loaded.problems(clock.instant());
        List<String> warnings = new ArrayList<>(Warnings.of(loaded, clock.instant(), ownUid()));
        loaded.refreshTrust(clock.instant());
        warnings.addAll(loaded.trustProblems());
        warnings.addAll(GatewayReader.warnings(config));
        boolean usable = problems.isEmpty();
        if (json) {
            long served = loaded.filesServed(clock.instant());
            printJson(loaded.configuration().files().size(), served, problems, warnings, routes, presets);
        } else {
            problems.forEach(problem -> terminal.check(false, problem));
            presets.forEach(preset -> terminal.out().println("  " + Terminal.printable(preset)));
            sayWarnings(warnings);
            if (usable) {
                terminal.check(
                        true,
                        loaded.configuration().file() + ": "
                                + loaded.configuration().files().size()
                                + (loaded.configuration().files().size() == 1 ? " file" : " files")
                                + ", mounted at "
                                + loaded.configuration().mount());
                if (!routes.isEmpty()) {
                    sayRoutes(routes);
                }
            }
        }
        return usable ? 0 : Failure.MASTER_UNAVAILABLE.exitStatus();
    }

    /** A configuration that only a gateway serves has no tree to be wrong. */
    private int gatewayAlone() throws CommandException {
        List<String> routes = GatewayReader.check(config);
        List<String> presets = GatewayReader.presets(config);
        List<String> warnings = GatewayReader.warnings(config);
        if (json) {
            printJson(0, 0, List.of(), warnings, routes, presets);
        } else {
            presets.forEach(preset -> terminal.out().println("  " + Terminal.printable(preset)));
            sayWarnings(warnings);
            sayRoutes(routes);
        }
        return 0;
    }

    private void sayWarnings(List<String> warnings) {
        warnings.forEach(warning -> terminal.out().println("! " + Terminal.printable(warning)));
    }

    private void sayRoutes(List<String> routes) {
        terminal.check(
                true,
                "gateway: " + routes.size() + (routes.size() == 1 ? " route" : " routes")
                        + "; its keys and credentials were not read");
    }

    private void printJson(
            int files,
            long served,
            List<String> problems,
            List<String> warnings,
            List<String> routes,
            List<String> presets) {
        Json.print(terminal, "check", document -> {
            document.writeBooleanProperty("ok", problems.isEmpty());
            document.writeNumberProperty("files", files);
            document.writeNumberProperty("files_served", served);
            document.writeArrayPropertyStart("problems");
            problems.forEach(document::writeString);
            document.writeEndArray();
            document.writeArrayPropertyStart("warnings");
            warnings.forEach(document::writeString);
            document.writeEndArray();
            document.writeNumberProperty("routes", routes.size());
            document.writeArrayPropertyStart("presets");
            presets.forEach(document::writeString);
            document.writeEndArray();
        });
    }

    /** What is behind each preset, so that nobody has to know. */
    private List<String> presets(Loaded loaded) throws CommandException {
        List<String> lines = new ArrayList<>();
        for (Configuration.FileDefinition file : loaded.configuration().files()) {
            if (!file.preset().isEmpty()) {
                List<String> caveats =
                        file.caveats().stream().map(Caveat::predicate).toList();
                lines.add(file.path() + ": preset " + file.preset() + ": " + String.join("; ", caveats));
            }
        }
        lines.addAll(GatewayReader.presets(config));
        return lines;
    }

    private static int ownUid() throws CommandException {
        try {
            return Owner.effectiveUid();
        } catch (IOException e) {
            throw new CommandException(Failure.BUG, "cannot tell who runs this: " + Problems.of(e));
        }
    }
}
