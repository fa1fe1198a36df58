package dev.credfs.macaroon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.caveat.Access;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.Prohibition;
import dev.credfs.crypto.SecretBytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every file of {@code src/test/vectors}: the layer that must fail does, for its own reason, and the ones before it do not. */
final class VectorTest {
    private static final Path VECTORS = Path.of("src/test/vectors");
    private static final Set<String> HEADERS =
            Set.of("fails", "source", "error", "key", "access", "at", "caveat", "prohibited", "token");

    /** @param headers lines {@code name: value}, in order */
    private record Vector(List<String> headers, byte[] token) {
        static Vector read(Path file) throws IOException {
            String content = Files.readString(file, StandardCharsets.US_ASCII);
            int end = content.indexOf("\n\n");
            assertThat(end).as("an empty line after the headers").isPositive();
            assertThat(content).endsWith("\n");
            List<String> headers = List.of(content.substring(0, end).split("\n", -1));
            for (String header : headers) {
                assertThat(HEADERS).contains(header.substring(0, header.indexOf(": ")));
            }
            String body = content.substring(end + 2, content.length() - 1);
            return new Vector(
                    headers,
                    headers.contains("token: base64")
                            ? Base64.getDecoder().decode(body)
                            : body.getBytes(StandardCharsets.US_ASCII));
        }

        List<String> all(String name) {
            List<String> values = new ArrayList<>();
            for (String header : headers) {
                if (header.startsWith(name + ": ")) {
                    values.add(header.substring(name.length() + 2));
                }
            }
            return values;
        }

        String one(String name) {
            assertThat(all(name)).as(name).hasSize(1);
            return all(name).get(0);
        }

        RootKey key() {
            return new RootKey(SecretBytes.copyOf(HexFormat.of().parseHex(one("key"))));
        }

        Access access() throws CaveatSyntaxException {
            return Access.parse(
                    one("access"), InstantSource.fixed(Instant.parse(one("at"))), new Audience("gateway.local"));
        }
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> walk = Files.walk(VECTORS)) {
            return walk.filter(Files::isRegularFile)
                    .filter(file -> !file.equals(VECTORS.resolve("generate")))
                    .sorted()
                    .toList();
        }
    }

    @TestFactory
    List<DynamicTest> vectors() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (Path file : files()) {
            tests.add(DynamicTest.dynamicTest(VECTORS.relativize(file).toString(), () -> check(Vector.read(file))));
        }
        return tests;
    }

    /** A directory that went missing, or a layer that no file tests any more, is no success. */
    @Test
    void there_are_vectors_for_each_layer() throws IOException {
        List<String> layers = new ArrayList<>();
        for (Path file : files()) {
            layers.add(Vector.read(file).one("fails"));
        }
        assertThat(layers).hasSizeGreaterThanOrEqualTo(200).contains("decode", "verify", "clear", "none");
    }

    private static void check(Vector vector) throws Exception {
        switch (vector.one("fails")) {
            case "decode" -> {
                assertThatThrownBy(() -> PresentedMacaroon.parse(vector.token()))
                        .isExactlyInstanceOf(MalformedMacaroonException.class)
                        .hasMessage(vector.one("error"));
                assertThatThrownBy(() -> MasterMacaroon.parse(withNewline(vector.token())))
                        .isExactlyInstanceOf(MalformedMacaroonException.class);
            }
            case "verify" -> {
                PresentedMacaroon presented = PresentedMacaroon.parse(vector.token());
                assertThatThrownBy(() -> presented.verify(vector.key()))
                        .isExactlyInstanceOf(BadSignatureException.class);
            }
            case "clear" -> {
                assertThat(vector.all("prohibited")).isNotEmpty();
                clear(vector);
            }
            case "none" -> clear(vector);
            default -> throw new AssertionError("no such layer: " + vector.one("fails"));
        }
    }

    private static void clear(Vector vector) throws Exception {
        PresentedMacaroon presented = PresentedMacaroon.parse(vector.token());
        assertThat(presented.revealText()).isEqualTo(vector.token());
        VerifiedMacaroon verified = presented.verify(vector.key());
        assertThat(verified.caveats().stream().map(Caveat::printable)).isEqualTo(vector.all("caveat"));
        assertThat(verified.clear(vector.access()).stream().map(Prohibition::caveat))
                .isEqualTo(vector.all("prohibited"));
    }

    /** A master's file ends with a newline that does not count; a token that ends with one has two then. */
    private static byte[] withNewline(byte[] token) {
        byte[] file = new byte[token.length + 1];
        System.arraycopy(token, 0, file, 0, token.length);
        file[token.length] = '\n';
        return file;
    }
}
