package dev.credfs.vault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class VaultWriterTest {
    @TempDir
    private Path home;

    private Path file;
    private VaultFixture fixture;

    @BeforeEach
    void write() throws VaultException {
        file = home.resolve("credfs.vault");
        fixture = new VaultFixture();
        write(fixture.vault, VaultWriter.Before.KEEP);
    }

    private SealedVault write(Vault vault, VaultWriter.Before before) throws VaultException {
        try (VaultWriter writer = VaultWriter.lock(file)) {
            return writer.write(vault, VaultFixture.NOW, before);
        }
    }

    private Vault open() throws VaultException {
        return SealedVault.read(file).open(fixture.operator);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(home)) {
            return files.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void threeGenerationsAreKept() throws Exception {
        for (int i = 0; i < 5; i++) {
            write(open(), VaultWriter.Before.KEEP);
        }
        assertThat(names())
                .containsExactly(
                        "credfs.vault", "credfs.vault.1", "credfs.vault.2", "credfs.vault.3", "credfs.vault.lock");
        assertThat(SealedVault.read(file).generation()).isEqualTo(6);
        for (int age = 1; age <= 3; age++) {
            assertThat(SealedVault.read(home.resolve("credfs.vault." + age)).generation())
                    .isEqualTo(6 - age);
        }
        write(open(), VaultWriter.Before.REMOVE);
        assertThat(names()).containsExactly("credfs.vault", "credfs.vault.lock");
    }

    @Test
    void secondWriterIsRefused() throws Exception {
        try (VaultWriter first = VaultWriter.lock(file)) {
            assertThatThrownBy(() -> VaultWriter.lock(file)).hasMessageContaining("another process is changing it");
            first.write(open(), VaultFixture.NOW, VaultWriter.Before.KEEP);
        }
        VaultWriter.lock(file).close();
    }

    @Test
    void fileThatOthersCanReadIsRefused() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        for (String mode : List.of("rw-r-----", "rw----r--", "rw--w----", "rw------x")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
            assertThatThrownBy(() -> SealedVault.read(file)).as(mode).hasMessageContaining("run 'chmod 600 " + file);
        }
    }

    @Test
    void linkAndWhatIsNoFileAreRefused() throws Exception {
        Path link = Files.createSymbolicLink(home.resolve("link"), file);
        assertThatThrownBy(() -> SealedVault.read(link)).hasMessageContaining("a symbolic link");
        assertThatThrownBy(() -> SealedVault.read(home)).hasMessageContaining("not a regular file");
        assertThatThrownBy(() -> SealedVault.read(home.resolve("none"))).hasMessageContaining("no such file");
    }

    @Test
    void whatACrashLeftIsNoObstacle() throws Exception {
        Files.writeString(home.resolve(".credfs.vault.new"), "half of a file");
        Files.createLink(home.resolve("credfs.vault.1"), file);
        write(open(), VaultWriter.Before.KEEP);
        assertThat(SealedVault.read(file).generation()).isEqualTo(2);
        assertThat(SealedVault.read(home.resolve("credfs.vault.1")).generation())
                .isEqualTo(1);
        assertThat(names()).containsExactly("credfs.vault", "credfs.vault.1", "credfs.vault.lock");
    }

    @Test
    void writeThatFailsLeavesTheOldFile() throws Exception {
        byte[] old = Files.readAllBytes(file);
        Vault mine = open();
        Files.createDirectory(home.resolve(".credfs.vault.new"));
        Files.createFile(home.resolve(".credfs.vault.new/in-the-way"));
        assertThatThrownBy(() -> write(mine, VaultWriter.Before.KEEP)).hasMessageContaining("cannot be written");
        assertThat(Files.readAllBytes(file)).isEqualTo(old);
    }

    @Test
    void versionsAreNeverUsedAgain() {
        Entry entry = Entry.of("key", "", VaultFixture.secret("first"), VaultFixture.NOW)
                .beside(VaultFixture.secret("second"), VaultFixture.NOW);
        assertThat(entry.live()).extracting(Entry.Live::number).containsExactly(1, 2);
        Entry retired = entry.retire(2, VaultFixture.NOW);
        assertThat(retired.live()).extracting(Entry.Live::number).containsExactly(1);
        assertThatThrownBy(() -> retired.retire(2, VaultFixture.NOW)).hasMessageContaining("no version 2");
        assertThat(retired.beside(VaultFixture.secret("third"), VaultFixture.NOW)
                        .newest()
                        .orElseThrow()
                        .number())
                .isEqualTo(3);
    }
}
