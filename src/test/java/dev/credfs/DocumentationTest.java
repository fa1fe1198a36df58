package dev.credfs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.cli.Main;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the documentation names is there: tests, files, links, commands. */
final class DocumentationTest {
    private static final Path README = Path.of("README.md");
    private static final Path TESTS = Path.of("src/test/java");

    private static final Pattern CODE_BLOCK = Pattern.compile("(?ms)^```.*?^```$");
    private static final Pattern QUOTED = Pattern.compile("`([^`\n]+)`");
    private static final Pattern TEST = Pattern.compile("([A-Z][A-Za-z]*Test)(?:\\.(\\w+))?");
    private static final Pattern OWN_PATH = Pattern.compile("(?:src|native-test|scripts|packaging)/[^\\s*]+");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]+)(?:#[^)]*)?\\)");
    private static final Pattern DECISION = Pattern.compile("(?m)^### D(\\d+)\\. ");
    private static final Pattern REFERENCE_TO_DECISION = Pattern.compile("\\bD(\\d+)\\b");

    private static List<Path> documents() throws IOException {
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> docs = Files.walk(Path.of("src/docs"))) {
            return Stream.concat(top, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        }
    }

    private static String prose(Path document) throws IOException {
        return CODE_BLOCK.matcher(Files.readString(document)).replaceAll("");
    }

    private static List<String> quoted(String text) {
        return QUOTED.matcher(text).results().map(match -> match.group(1)).toList();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyTestThatIsNamedExists(Path document) throws IOException {
        Map<String, String> sources = testSources();
        List<String> missing = new ArrayList<>();
        for (String name : quoted(prose(document))) {
            Matcher test = TEST.matcher(name);
            if (test.matches()) {
                String source = sources.get(test.group(1));
                String method = test.group(2);
                if (source == null || (method != null && !source.contains("void " + method + "("))) {
                    missing.add(name);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    private static Map<String, String> testSources() throws IOException {
        Map<String, String> sources = new TreeMap<>();
        try (Stream<Path> files = Files.walk(TESTS)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                sources.put(file.getFileName().toString().replace(".java", ""), Files.readString(file));
            }
        }
        return sources;
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyFileThatIsNamedOrLinkedExists(Path document) throws IOException {
        String text = prose(document);
        Set<String> missing = new TreeSet<>();
        for (String name : quoted(text)) {
            if (OWN_PATH.matcher(name).matches() && !Files.exists(Path.of(name))) {
                missing.add(name);
            }
        }
        for (String target :
                LINK.matcher(text).results().map(match -> match.group(1)).toList()) {
            if (!target.contains("://") && !Files.exists(document.resolveSibling(target))) {
                missing.add(target);
            }
        }
        assertThat(missing).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyLineOfProseIsAtMost120CharactersLong(Path document) throws IOException {
        assertThat(Files.readAllLines(document))
                .allSatisfy(line -> assertThat(line.startsWith("|") || line.length() <= 120)
                        .as(line)
                        .isTrue());
    }

    @Test
    void everyDecisionHasANumberOfItsOwnAndOnlyThoseAreReferredTo() throws IOException {
        String decisions = Files.readString(Path.of("src/docs/decisions.md"));
        List<Integer> numbers = DECISION.matcher(decisions)
                .results()
                .map(match -> Integer.valueOf(match.group(1)))
                .sorted()
                .toList();
        assertThat(numbers).doesNotHaveDuplicates().isNotEmpty();
        for (Path document : documents()) {
            assertThat(REFERENCE_TO_DECISION
                            .matcher(prose(document))
                            .results()
                            .map(match -> Integer.valueOf(match.group(1)))
                            .toList())
                    .as(document.toString())
                    .isSubsetOf(numbers);
        }
    }

    @Test
    void readmeIsShort() throws IOException {
        assertThat(Files.readAllLines(README)).hasSizeBetween(100, 160);
    }

    @Test
    void readmeListsExactlyTheCommands() throws IOException {
        String readme = Files.readString(README);
        String section = readme.substring(readme.indexOf("\n## Commands"));
        Set<String> listed = new TreeSet<>();
        for (String line : section.lines().toList()) {
            if (line.startsWith("| `")) {
                for (String command : quoted(line.substring(0, line.indexOf('|', 1)))) {
                    listed.add(command.replaceFirst(" .*", ""));
                }
            }
        }
        assertThat(listed).isEqualTo(commands());
    }

    /** As the program itself lists them. */
    private static Set<String> commands() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        int status = Main.run(new String[] {"--help"}, new ByteArrayInputStream(new byte[0]), stream, stream);
        assertThat(status).isZero();
        Set<String> commands = new TreeSet<>();
        String help = out.toString(StandardCharsets.UTF_8);
        Matcher lines = Pattern.compile("(?m)^  ([a-z]+) ").matcher(help.substring(help.indexOf("Commands:")));
        while (lines.find()) {
            commands.add(lines.group(1));
        }
        commands.remove("help");
        return commands;
    }
}
