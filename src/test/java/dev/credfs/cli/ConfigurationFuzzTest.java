package dev.credfs.cli;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.credfs.policy.Executable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A configuration: read, or refused with a line and a column. */
final class ConfigurationFuzzTest {
    @FuzzTest
    void configuration(byte[] bytes) {
        try {
            ConfigurationReader.read(
                    new String(bytes, StandardCharsets.UTF_8),
                    Path.of("/etc/credfs/credfs.yaml"),
                    path -> new Executable(path, 1, 2));
        } catch (ConfigurationException e) {
            if (!String.valueOf(e.getMessage()).matches("(?s)[0-9]+:[0-9]+: .+")) {
                throw new AssertionError("no line and column", e);
            }
        }
    }
}
