package dev.credfs.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.caveat.Caveat;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong input to the commands: one line that says what is wrong, and the exit status of the table of failures. */
final class CommandLineTest {
    @TempDir
    private Path directory;

    private Path home;
    private String out = "";
    private String err = "";

    @BeforeEach
    void makeFiles() {
        home = directory.resolve("home");
        assertThat(run("", "init", home.toString())).isZero();
    }

    private int run(String stdin, String... arguments) {
        ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
        ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
        int status = Main.run(
                arguments,
                new ByteArrayInputStream(stdin.getBytes(StandardCharsets.ISO_8859_1)),
                new PrintStream(outBytes, true, StandardCharsets.UTF_8),
                new PrintStream(errBytes, true, StandardCharsets.UTF_8));
        out = outBytes.toString(StandardCharsets.UTF_8);
        err = errBytes.toString(StandardCharsets.UTF_8);
        return status;
    }

    private void refused(int expected, int status, String message) {
        assertThat(err).startsWith("credfs: ").contains(message).hasLineCount(1);
        assertThat(out).isEmpty();
        assertThat(status).isEqualTo(expected);
    }

    private String key() {
        return home.resolve("root.key").toString();
    }

    private String config() {
        return home.resolve("credfs.yaml").toString();
    }

    private String token() {
        assertThat(run("", "issue", "--key", key(), "--id", "k", "--caveat", "aud = gateway.local"))
                .isZero();
        return out;
    }

    @ParameterizedTest
    @ValueSource(strings = {"print", "attenuate", "verify"})
    void emptyStdinIsMalformed(String command) {
        refused(6, command(command, ""), "stdin is empty: pipe a token or a master into it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"print", "attenuate", "verify"})
    void binaryStdinIsMalformedAndNotEchoed(String command) {
        refused(6, command(command, "\u001b[31m\u0000\u0007\u00ff"), "stdin is not a macaroon: ");
        assertThat(err).doesNotContain("\u001b", "\u0000", "\u0007");
    }

    @ParameterizedTest
    @ValueSource(strings = {"print", "attenuate", "verify"})
    void endlessStdinIsMalformed(String command) {
        refused(6, command(command, "A".repeat(100_000)), "stdin holds more than 65536 bytes");
    }

    private int command(String command, String stdin) {
        return switch (command) {
            case "attenuate" -> run(stdin, command, "--caveat", "method = GET");
            case "verify" -> run(stdin, command, "--key", key(), "--access", "GET https://api.github.com/");
            default -> run(stdin, command);
        };
    }

    @Test
    void hostileCaveatsCannotSteerATerminal() {
        String hostile;
        try (RootKey root = RootKey.generate(new SecureRandom())) {
            hostile = new String(
                    root.issue(new KeyId("k"), List.<Caveat>of()).revealMasterFile(), StandardCharsets.US_ASCII);
        }
        assertThat(run(hostile, "print")).isZero();
        assertThat(Terminal.printable("a\u001b[2J\r\nb\u009b\u007f")).isEqualTo("a\\x1b[2J\\x0d\\x0ab\\x9b\\x7f");
        refused(2, run("", "print\u001b[2J"), "\\x1b[2J");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "isue | did you mean 'issue'?",
                "issue --id k | missing required option: '--key=FILE'",
                "print AgEB | an argument too many; nothing secret is an argument",
                "attenuate --caveat | missing required parameter",
                "attenuate | missing required option",
                "verify --master AgEB | missing required options",
                "mount --config /nowhere --fault bogus | --fault: a fault is operation=class, not 'bogus'",
                "mount --config /nowhere --fault open=No | no such operation or class of throwable in 'open=No'",
            })
    void wrongArgumentsAreUsage(String line, String message) {
        refused(2, run("", line.split(" ")), message);
    }

    @Test
    void noOptionTakesASecret() {
        String secret = token().strip();
        for (String command : List.of("issue", "attenuate", "print", "verify", "check", "mount")) {
            assertThat(run("", command, secret)).as(command).isEqualTo(2);
            assertThat(run("", command, "--master", secret)).as(command).isEqualTo(2);
            assertThat(run("", command, "--token", secret)).as(command).isEqualTo(2);
            assertThat(err).doesNotContain(secret);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw-rw----", "rw----r--", "rw-------x"})
    void keyThatOthersCanReachIsRefused(String mode) throws Exception {
        Path key = Path.of(key());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString(mode.substring(0, 9)));
        if (mode.length() > 9) {
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        String expected = mode.length() > 9
                ? "others can write in its directory: run 'chmod go-w " + home + "'"
                : "mode " + mode + " lets others in: run 'chmod 600 " + key + "'";
        refused(5, run("", "issue", "--key", key.toString(), "--id", "k"), expected);
    }

    @Test
    void keyFilesThatAreNoneAreRefused() throws Exception {
        refused(5, run("", "issue", "--key", home + "/none", "--id", "k"), "root key " + home + "/none: no such file");
        refused(5, run("", "issue", "--key", home.toString(), "--id", "k"), "not a regular file");
        Files.write(Path.of(key()), new byte[0]);
        refused(5, run("", "issue", "--key", key(), "--id", "k"), "the file is empty");
        Files.write(Path.of(key()), new byte[100_000]);
        refused(5, run("", "issue", "--key", key(), "--id", "k"), "larger than 65536 bytes");
        Files.writeString(Path.of(key()), "no key\n");
        refused(5, run("", "issue", "--key", key(), "--id", "k"), "root key " + key() + ": ");
        assertThat(err).doesNotContain("no key\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"method = get", "method  = GET", "unknown = 1", "time < tomorrow", ""})
    void wrongCaveatsAreUsage(String caveat) {
        refused(2, run("", "issue", "--key", key(), "--id", "k", "--caveat", caveat), "--caveat: ");
    }

    @Test
    void helpSaysWholeSentencesOfEveryCommand() {
        for (String command : List.of("", "vault", "audit")) {
            assertThat(command.isEmpty() ? run("", "--help") : run("", command, "--help"))
                    .isZero();
            String commands = out.substring(out.indexOf("Commands:\n") + "Commands:\n".length())
                    .replaceFirst("(?s)\n\n.*", "")
                    .strip();
            for (String each : commands.split("\n {2}(?=[a-z])", -1)) {
                assertThat(each.strip()).endsWith(".");
            }
        }
    }

    @Test
    void stateWhoseDirectoryCannotBeMadeIsNamed() throws Exception {
        String text = Files.readString(Path.of(config()));
        Files.writeString(Path.of(config()), text.replace("\n  keys:", "\n  state: /nope/st\n  keys:"));
        refused(
                8,
                run("", "revoke", "--config", config(), "--all"),
                "state directory /nope/st: no directory /nope: make it");
        assertThat(run("", "check", "--config", config())).isZero();
        assertThat(out).contains("'state' /nope/st: no directory /nope: make it before the gateway starts");
    }

    @Test
    void initReplacesNothing() {
        refused(2, run("", "init", home.toString()), home + "/root.key exists already");
    }

    @Test
    void initWhereNothingCanBeWrittenSaysSo() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));
        refused(2, run("", "init", file + "/home"), "cannot make " + file + "/home: ");
        assertThat(err).endsWith("; choose another directory\n");
        refused(2, run("", "init", directory + "/no/home"), "there is no directory to make it in");
    }

    @Test
    void checkDoubtsAMethodThatNobodyKnowsAndALongTtl() throws Exception {
        assertThat(run("", "check", "--config", config())).isZero();
        assertThat(out).as("of what init made").startsWith("✓ ").doesNotContain("! ");
        String text = Files.readString(Path.of(config()));
        Files.writeString(
                Path.of(config()), text.replace("[GET, HEAD]", "[GET, HAED]").replace("5m", "100h"));
        assertThat(run("", "check", "--config", config())).isZero();
        assertThat(out)
                .contains(
                        "no known method is called 'HAED'; did you mean 'HEAD'?", "a ttl of 100h is long for a token");
    }

    @Test
    void checkReadsTheGatewaysSection() throws Exception {
        assertThat(run("", "check", "--config", config())).isZero();
        assertThat(out).contains("gateway: 1 route; its keys and credentials were not read");
        String text = Files.readString(Path.of(config()));
        Files.writeString(Path.of(config()), text.replace("upstream:", "upsteam:"));
        refused(8, run("", "check", "--config", config()), "unknown key 'upsteam'; did you mean 'upstream'?");
    }

    @Test
    void accessThatIsNoneIsUsage() {
        String token = token();
        refused(2, run(token, "verify", "--key", key(), "--access", "GET /"), "--access: ");
        refused(
                2,
                run(token, "verify", "--key", key(), "--access", "GET https://a.example/", "--at", "now"),
                "--at: expected an instant");
    }

    @Test
    void documentsNameTheirSchema() {
        String token = token();
        assertThat(run(token, "print", "--json")).isZero();
        assertThat(out).startsWith("{\"schema\":\"credfs/print/v1\",").hasLineCount(1);
        assertThat(run(token, "verify", "--json", "--key", key(), "--access", "GET https://a.example/"))
                .isEqualTo(6);
        assertThat(out).startsWith("{\"schema\":\"credfs/verify/v1\",").hasLineCount(1);
        assertThat(run("", "check", "--json", "--config", config())).isZero();
        assertThat(out).startsWith("{\"schema\":\"credfs/check/v1\",").hasLineCount(1);
        assertThat(run("", "version", "--json")).isZero();
        assertThat(out).startsWith("{\"schema\":\"credfs/version/v1\",").hasLineCount(1);
    }

    @Test
    void configurationFilesThatAreNoneAreRefused() throws Exception {
        Path config = Path.of(config());
        refused(8, run("", "check", "--config", home + "/none"), home + "/none: no such file: 'credfs init DIR'");
        refused(8, run("", "check", "--config", home.toString()), home + ": not a regular file");
        Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-rw-r--"));
        refused(8, run("", "check", "--config", config()), "run 'chmod go-w " + config + "'");
        Files.setPosixFilePermissions(config, PosixFilePermissions.fromString("rw-r--r--"));
        Files.write(config, new byte[10_000_000]);
        refused(8, run("", "check", "--config", config()), config + ": larger than 1 MiB");
        Files.write(config, new byte[] {(byte) 0xff});
        refused(8, run("", "check", "--config", config()), config + ": not UTF-8");
        Files.writeString(config, "mount: /m\nmuont: /m\n");
        refused(8, run("", "check", "--config", config()), config + ":2:1: unknown key 'muont'; did you mean 'mount'?");
        refused(8, run("", "mount", "--config", config()), config + ":2:1: unknown key 'muont'; did you mean 'mount'?");
    }

    @Test
    void oneBadMasterIsNamedAndTheRestStands() throws Exception {
        Files.writeString(home.resolve("github.macaroon"), "AgEBcut off\n");
        assertThat(run("", "check", "--config", config())).isEqualTo(5);
        assertThat(out).startsWith("✗ master 'github' " + home + "/github.macaroon: ");
        assertThat(err).isEmpty();
        assertThat(run("", "check", "--json", "--config", config())).isEqualTo(5);
        assertThat(out).contains("\"ok\":false,\"files\":1,\"files_served\":0,\"problems\":[\"master 'github' ");
    }
}
