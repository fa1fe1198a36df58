package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class MountEntryTest {
    @Test
    void lineWithEscapesAndOptionalFieldsIsDecoded() throws IOException {
        MountEntry entry = MountEntry.parse(
                "43 42 0:39 / /run/a\\040b\\134 ro,nosuid shared:2 master:1 - fuse.credfs credfs:12 ro");
        assertThat(entry).isEqualTo(new MountEntry("0:39", "/run/a b\\", true, "fuse.credfs", "credfs:12"));
        assertThat(entry.isOurs()).isTrue();
        assertThat(entry.daemonPid()).isEqualTo("12");
    }

    @Test
    void slaveAloneIsNotShared() throws IOException {
        assertThat(MountEntry.parse("43 42 0:39 / /x rw master:1 - tmpfs none rw")
                        .shared())
                .isFalse();
    }

    @Test
    void lineCutShortIsAnError() {
        assertThatThrownBy(() -> MountEntry.parse("43 42 0:39 / /x rw - tmpfs")).isInstanceOf(IOException.class);
    }

    @Test
    void holderIsTheDeepestMount() throws IOException {
        assertThat(MountEntry.holding(Path.of("/proc/self")).type()).isEqualTo("proc");
    }
}
