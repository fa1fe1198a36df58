package dev.credfs.fuse;

import dev.credfs.procfs.Processes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A process that mounts at its first argument, writes to its second how that went, and stays until it is killed. */
final class MountOnce {
    private MountOnce() {}

    public static void main(String[] args) throws Exception {
        boolean allowOther = List.of(args).contains("allow_other");
        MountSettings settings = new MountSettings(Path.of(args[0]), allowOther, Map.of(), 8);
        String outcome;
        try {
            Mount.start(
                    settings,
                    MountedTree.mint(event -> {}),
                    new Processes(Path.of("/proc")),
                    Faults.NONE,
                    notice -> {});
            outcome = "ready";
        } catch (MountException e) {
            outcome = e.failure() + ": " + e.getMessage();
        }
        Files.write(Path.of(args[1]), (outcome + "\n").getBytes(StandardCharsets.UTF_8));
        if (outcome.equals("ready")) {
            TimeUnit.MINUTES.sleep(1);
        }
    }
}
