package dev.credfs.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * A YAML document as plain values that know where they stand. Anchors, aliases, tags, duplicate keys and a second document
 * are errors; scalars stay text, so that nothing depends on what a YAML version takes for a number or a boolean.
 */
sealed interface Yaml {
    /** How snakeyaml-engine writes a place into its messages. */
    Pattern MARK = Pattern.compile("line ([0-9]{1,9}), column ([0-9]{1,9})");

    Position at();

    /** Text, quoted or not. */
    record Scalar(String text, Position at) implements Yaml {}

    /** A list. */
    record Sequence(List<Yaml> items, Position at) implements Yaml {}

    /** Keys with values, in the order of the file; no key twice. */
    record Mapping(List<Entry> entries, Position at) implements Yaml {
        Optional<Yaml> get(String key) {
            for (Entry entry : entries) {
                if (entry.key().equals(key)) {
                    return Optional.of(entry.value());
                }
            }
            return Optional.empty();
        }
    }

    /** One key of a mapping. */
    record Entry(String key, Position at, Yaml value) {}

    /** Reads the one document of {@code text}. */
    static Yaml parse(String text) throws ConfigurationException {
        try (YAMLParser parser = (YAMLParser) new YAMLFactory().createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() == null) {
                throw new ConfigurationException(new Position(1, 1), "the file is empty");
            }
            Yaml document = new Reader(parser).value();
            if (parser.nextToken() != null) {
                throw new ConfigurationException(position(parser.currentTokenLocation()), "a second document");
            }
            return document;
        } catch (JacksonException e) {
            throw new ConfigurationException(position(e), problem(e.getOriginalMessage()));
        }
    }

    private static Position position(TokenStreamLocation location) {
        return new Position(Math.max(1, location.getLineNr()), Math.max(1, location.getColumnNr()));
    }

    /** Where the parser was stopped, which the message says; the exception's own place is that of the last good token. */
    private static Position position(JacksonException e) {
        Position at = position(e.getLocation());
        Matcher mark = MARK.matcher(e.getOriginalMessage());
        while (mark.find()) {
            at = new Position(Integer.parseInt(mark.group(1)), Integer.parseInt(mark.group(2)));
        }
        return at;
    }

    private static String problem(String message) {
        if (message.contains("undefined alias") || message.contains("alias")) {
            return "aliases are not supported: quote a value that begins with '*'";
        }
        String problem = "";
        for (String line : message.lines().toList()) {
            // Indented lines quote the file; of the others the first says what was being read and the last what is
            // wrong.
            if (!line.isBlank() && !Character.isWhitespace(line.charAt(0))) {
                problem = line.strip();
            }
        }
        return "not YAML: " + problem;
    }

    /** Recursive descent over the parser's tokens. */
    final class Reader {
        private static final int MAX_DEPTH = 64;

        private final YAMLParser parser;
        private int depth;

        Reader(YAMLParser parser) {
            this.parser = parser;
        }

        Yaml value() throws ConfigurationException {
            Position at = position(parser.currentTokenLocation());
            if (parser.isCurrentAlias()) {
                throw new ConfigurationException(at, "aliases are not supported: quote a value that begins with '*'");
            }
            if (parser.getObjectId() != null) {
                throw new ConfigurationException(at, "anchors are not supported: quote a value that begins with '&'");
            }
            if (parser.getRawTag() != null) {
                throw new ConfigurationException(at, "tags are not supported: quote a value that begins with '!'");
            }
            if (++depth > MAX_DEPTH) {
                throw new ConfigurationException(at, "nested more than " + MAX_DEPTH + " deep");
            }
            JsonToken token = parser.currentToken();
            Yaml value = switch (token) {
                case START_OBJECT -> mapping(at);
                case START_ARRAY -> sequence(at);
                case VALUE_NULL -> throw new ConfigurationException(at, "a key without a value");
                default -> new Scalar(parser.getString(), at);
            };
            depth--;
            return value;
        }

        private Mapping mapping(Position at) throws ConfigurationException {
            List<Entry> entries = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String key = parser.currentName();
                Position keyAt = position(parser.currentTokenLocation());
                for (Entry entry : entries) {
                    if (entry.key().equals(key)) {
                        throw new ConfigurationException(
                                keyAt,
                                "duplicate key '" + key + "', first on line "
                                        + entry.at().line());
                    }
                }
                parser.nextToken();
                entries.add(new Entry(key, keyAt, value()));
            }
            return new Mapping(List.copyOf(entries), at);
        }

        private Sequence sequence(Position at) throws ConfigurationException {
            List<Yaml> items = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                items.add(value());
            }
            return new Sequence(List.copyOf(items), at);
        }
    }
}
