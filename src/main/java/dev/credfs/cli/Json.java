package dev.credfs.cli;

import java.io.StringWriter;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Documents for {@code --json}: one object on one line, which names its schema first. */
final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    private Json() {}

    /** Writes the properties of the document. */
    interface Body {
        void writeTo(JsonGenerator json);
    }

    /** Prints {@code {"schema":"credfs/<name>/v1",…}}. */
    static void print(Terminal terminal, String name, Body body) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            json.writeStringProperty("schema", "credfs/" + name + "/v1");
            body.writeTo(json);
            json.writeEndObject();
        }
        terminal.out().println(text);
    }
}
