package dev.credfs.gateway;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/**
 * A JSON object as the text of its values by name; those of an object in it are named {@code outer.inner}. Lists are passed
 * over.
 */
final class FlatJson {
    private static final int MAX_DEPTH = 4;

    private FlatJson() {}

    /** @throws IOException if it is no such object, or one name is there twice; the message quotes nothing */
    static Map<String, String> parse(byte[] text) throws IOException {
        Map<String, String> values = new HashMap<>();
        try (JsonParser parser = new JsonFactory().createParser(ObjectReadContext.empty(), text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not an object");
            }
            read(parser, "", 0, values);
            if (parser.nextToken() != null) {
                throw new IOException("something follows the object");
            }
            return Map.copyOf(values);
        } catch (JacksonException e) {
            throw new IOException("not JSON");
        }
    }

    private static void read(JsonParser parser, String prefix, int depth, Map<String, String> values)
            throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = prefix + parser.currentName();
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_OBJECT && depth < MAX_DEPTH) {
                read(parser, name + ".", depth + 1, values);
            } else if (token == JsonToken.START_OBJECT || token == JsonToken.START_ARRAY) {
                parser.skipChildren();
            } else if (token != JsonToken.VALUE_NULL && values.put(name, parser.getString()) != null) {
                throw new IOException("a name twice");
            }
        }
    }
}
