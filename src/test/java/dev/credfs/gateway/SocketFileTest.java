package dev.credfs.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whose socket it is (row 70). */
@Timeout(30)
final class SocketFileTest {
    @TempDir
    private Path directory;

    private Path socket() {
        return directory.resolve("gw").resolve("gateway.sock");
    }

    private static void bindAndLeave(Path socket) throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
        }
    }

    @Test
    void directoryAndSocketHaveTheirModes() throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("");
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("api", upstream.port(), new Placement.Bearer())
                        .start()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().getParent())))
                    .isEqualTo("rwxr-x---");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(gateway.socket)))
                    .isEqualTo("rw-rw----");
        }
        assertThat(socket()).doesNotExist();
    }

    @Test
    void socketThatADeadGatewayLeftIsReplaced() throws Exception {
        SocketFile.claim(socket()).close();
        bindAndLeave(socket());
        assertThat(socket()).exists();
        SocketFile.claim(socket()).close();
        assertThat(socket()).doesNotExist();
    }

    @Test
    void socketThatSomebodyListensOnIsNot() throws Exception {
        SocketFile.claim(socket()).close();
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket()));
            assertThatThrownBy(() -> SocketFile.claim(socket())).hasMessageContaining("somebody listens");
        }
        assertThat(socket()).exists();
    }

    @Test
    void secondGatewayIsRefused() throws Exception {
        try (SocketFile first = SocketFile.claim(socket())) {
            assertThat(first).isNotNull();
            assertThatThrownBy(() -> SocketFile.claim(socket())).hasMessageContaining("another gateway");
        }
    }

    @Test
    void fileThatIsNoSocketStays() throws Exception {
        SocketFile.claim(socket()).close();
        Files.writeString(socket(), "precious");
        assertThatThrownBy(() -> SocketFile.claim(socket())).hasMessageContaining("is no socket");
        assertThat(Files.readString(socket())).isEqualTo("precious");
    }

    @Test
    void directoryThatCannotBeMadeIsNamed() throws Exception {
        assertThatThrownBy(() -> SocketFile.claim(directory.resolve("nope/gw/gateway.sock")))
                .hasMessage("cannot prepare " + directory + "/nope/gw/gateway.sock: no directory " + directory
                        + "/nope: make it");
        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> SocketFile.claim(file.resolve("gw/gateway.sock")))
                .hasMessage("cannot prepare " + file + "/gw/gateway.sock: not a directory");
    }

    @Test
    void directoryThatOthersWriteToIsRefused() throws Exception {
        SocketFile.claim(socket()).close();
        Files.setPosixFilePermissions(socket().getParent(), PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatThrownBy(() -> SocketFile.claim(socket())).hasMessageContaining("can be written by others");
    }
}
