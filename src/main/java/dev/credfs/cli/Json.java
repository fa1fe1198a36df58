package dev.credfs.cli;

import java.io.StringWriter;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Documents for {@code --json}: one object on one line, which names its schema first. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Writes the properties of the document. */
    interface Body {
        void writeTo(JsonGenerator json);
    }

    /** One object on one line, without a schema: what two credfs say to each other. */
    static String text(Body body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            body.writeTo(json);
            json.writeEndObject();
        }
        return text.toString();
    }

    /**
     * Reads one document.
     *
     * @throws IllegalArgumentException if it is none
     */
    static JsonNode read(String text) {
        try {
            return new JsonMapper().readTree(text);
        } catch (JacksonException e) {
            throw new IllegalArgumentException("not JSON", e);
        }
    }

    /** Prints {@code {"schema":"credfs/<name>/v1",…}}. */
    static void print(Terminal terminal, String name, Body body) {
        terminal.out().println(text(json -> {
            json.writeStringProperty("schema", "credfs/" + name + "/v1");
            body.writeTo(json);
        }));
    }
}
