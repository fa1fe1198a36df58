package dev.credfs.vault;

import dev.credfs.crypto.Fingerprint;
import dev.credfs.crypto.SecretBytes;
import java.io.ByteArrayOutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import tools.jackson.core.Base64Variants;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * The JSON inside of a section, {@code src/docs/vault-format.md}. Secrets pass as bytes, never as a {@code String}, which
 * nobody could overwrite.
 */
final class SectionText {
    private static final JsonFactory FACTORY = new JsonFactory();

    static final String EXPORT_SCHEMA = "credfs/vault-export/v1";

    private SectionText() {}

    /**
     * Of which vault and generation a section is, so that a section that was put into another file is noticed even where the
     * sections are taken apart by hand.
     */
    record Origin(String vault, long generation) {}

    static SecretBytes print(Section section, Origin origin, List<Entry> entries) {
        return document(section.schema(), json -> {
            json.writeStringProperty("vault", origin.vault());
            json.writeNumberProperty("generation", origin.generation());
            writeEntries(json, entries);
        });
    }

    static SecretBytes printSeal(Origin origin, SecretBytes sealKey) {
        return document(Section.SEAL.schema(), json -> {
            json.writeStringProperty("vault", origin.vault());
            json.writeNumberProperty("generation", origin.generation());
            writeSecret(json, "key", sealKey);
        });
    }

    static SecretBytes printExport(List<VaultExport.Item> items) {
        return document(EXPORT_SCHEMA, json -> {
            json.writeArrayPropertyStart("items");
            for (VaultExport.Item item : items) {
                json.writeStartObject();
                json.writeStringProperty("kind", item.section().kind());
                json.writeName("entry");
                writeEntry(json, item.entry());
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    static List<VaultExport.Item> parseExport(SecretBytes text) throws VaultException {
        byte[] bytes = text.revealCopy();
        try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
            expect(json.nextToken(), JsonToken.START_OBJECT);
            if (!text(json, "schema").equals(EXPORT_SCHEMA)) {
                throw new IllegalArgumentException("not an export");
            }
            name(json, "items");
            expect(json.nextToken(), JsonToken.START_ARRAY);
            List<VaultExport.Item> items = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                expect(json.currentToken(), JsonToken.START_OBJECT);
                Section section = Section.ofKind(text(json, "kind"));
                name(json, "entry");
                json.nextToken();
                items.add(new VaultExport.Item(section, entry(json)));
                expect(json.nextToken(), JsonToken.END_OBJECT);
            }
            expect(json.nextToken(), JsonToken.END_OBJECT);
            return items;
        } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
            throw new VaultException("the export does not hold what its schema says");
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static SecretBytes document(String schema, Consumer<JsonGenerator> body) {
        Wiped out = new Wiped();
        try (JsonGenerator json = FACTORY.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeStartObject();
            json.writeStringProperty("schema", schema);
            body.accept(json);
            json.writeEndObject();
        }
        return out.take();
    }

    private static void writeEntries(JsonGenerator json, List<Entry> entries) {
        json.writeArrayPropertyStart("entries");
        for (Entry entry : entries) {
            writeEntry(json, entry);
        }
        json.writeEndArray();
    }

    private static void writeEntry(JsonGenerator json, Entry entry) {
        json.writeStartObject();
        json.writeStringProperty("name", entry.name());
        json.writeStringProperty("note", entry.note());
        json.writeArrayPropertyStart("versions");
        for (Entry.Version version : entry.versions()) {
            json.writeStartObject();
            json.writeNumberProperty("number", version.number());
            json.writeStringProperty("since", version.since().toString());
            if (version instanceof Entry.Retired retired) {
                json.writeStringProperty("until", retired.until().toString());
                json.writeStringProperty("fingerprint", retired.fingerprint().hex());
            } else if (version instanceof Entry.Live live) {
                writeSecret(json, "value", live.value());
            }
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeSecret(JsonGenerator json, String name, SecretBytes secret) {
        byte[] bytes = secret.revealCopy();
        try {
            json.writeName(name);
            json.writeBinary(Base64Variants.MIME_NO_LINEFEEDS, bytes, 0, bytes.length);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    static List<Entry> parse(Section section, Origin origin, SecretBytes text) throws VaultException {
        return new Reader<>(section, origin, "entries", SectionText::entries).read(text);
    }

    static SecretBytes parseSeal(Origin origin, SecretBytes text) throws VaultException {
        return new Reader<>(Section.SEAL, origin, "key", SectionText::secret).read(text);
    }

    private interface Value<T> {
        T of(JsonParser json);
    }

    /** Reads the document around the one property that matters. */
    private record Reader<T>(Section section, Origin origin, String property, Value<T> value) {
        T read(SecretBytes text) throws VaultException {
            byte[] bytes = text.revealCopy();
            try (JsonParser json = FACTORY.createParser(ObjectReadContext.empty(), bytes)) {
                expect(json.nextToken(), JsonToken.START_OBJECT);
                String schema = text(json, "schema");
                if (!schema.equals(section.schema())) {
                    throw new VaultException("its section " + section.word() + " holds " + schema + ", not "
                            + section.schema() + ": a newer credfs wrote it, or somebody put it there");
                }
                if (!text(json, "vault").equals(origin.vault()) || number(json, "generation") != origin.generation()) {
                    throw new VaultException(
                            "its section " + section.word() + " is of another vault or another generation");
                }
                name(json, property);
                json.nextToken();
                T read = value.of(json);
                expect(json.nextToken(), JsonToken.END_OBJECT);
                if (json.nextToken() != null) {
                    throw new IllegalArgumentException("more than one document");
                }
                return read;
            } catch (JacksonException | IllegalArgumentException | DateTimeException e) {
                // The parser's message quotes what it read.
                throw new VaultException("its section " + section.word() + " does not hold what its schema says");
            } finally {
                Arrays.fill(bytes, (byte) 0);
            }
        }
    }

    private static List<Entry> entries(JsonParser json) {
        expect(json.currentToken(), JsonToken.START_ARRAY);
        List<Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            Entry entry = entry(json);
            if (!names.add(entry.name())) {
                throw new IllegalArgumentException("two entries of one name");
            }
            entries.add(entry);
        }
        return List.copyOf(entries);
    }

    private static Entry entry(JsonParser json) {
        expect(json.currentToken(), JsonToken.START_OBJECT);
        String name = text(json, "name");
        String note = text(json, "note");
        name(json, "versions");
        expect(json.nextToken(), JsonToken.START_ARRAY);
        List<Entry.Version> versions = new ArrayList<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            versions.add(version(json));
        }
        expect(json.nextToken(), JsonToken.END_OBJECT);
        return new Entry(name, note, versions);
    }

    private static Entry.Version version(JsonParser json) {
        expect(json.currentToken(), JsonToken.START_OBJECT);
        int number = Math.toIntExact(number(json, "number"));
        Instant since = Instant.parse(text(json, "since"));
        expect(json.nextToken(), JsonToken.PROPERTY_NAME);
        Entry.Version version;
        if (json.currentName().equals("value")) {
            json.nextToken();
            version = new Entry.Live(number, since, secret(json));
        } else {
            if (!json.currentName().equals("until")) {
                throw new IllegalArgumentException("neither 'value' nor 'until'");
            }
            expect(json.nextToken(), JsonToken.VALUE_STRING);
            Instant until = Instant.parse(json.getString());
            version = new Entry.Retired(number, since, until, new Fingerprint(text(json, "fingerprint")));
        }
        expect(json.nextToken(), JsonToken.END_OBJECT);
        return version;
    }

    private static SecretBytes secret(JsonParser json) {
        expect(json.currentToken(), JsonToken.VALUE_STRING);
        byte[] bytes = json.getBinaryValue(Base64Variants.MIME_NO_LINEFEEDS);
        try {
            return SecretBytes.copyOf(bytes);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private static String text(JsonParser json, String name) {
        name(json, name);
        expect(json.nextToken(), JsonToken.VALUE_STRING);
        return json.getString();
    }

    private static long number(JsonParser json, String name) {
        name(json, name);
        expect(json.nextToken(), JsonToken.VALUE_NUMBER_INT);
        return json.getLongValue();
    }

    private static void name(JsonParser json, String name) {
        expect(json.nextToken(), JsonToken.PROPERTY_NAME);
        if (!json.currentName().equals(name)) {
            throw new IllegalArgumentException("not '" + name + "'");
        }
    }

    private static void expect(JsonToken actual, JsonToken expected) {
        if (actual != expected) {
            throw new IllegalArgumentException("not " + expected);
        }
    }

    /** Bytes that are overwritten when they have been taken. */
    private static final class Wiped extends ByteArrayOutputStream {
        SecretBytes take() {
            byte[] exact = toByteArray();
            try {
                return SecretBytes.copyOf(exact);
            } finally {
                Arrays.fill(exact, (byte) 0);
                Arrays.fill(buf, (byte) 0);
            }
        }
    }
}
