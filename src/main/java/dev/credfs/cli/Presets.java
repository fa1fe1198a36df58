package dev.credfs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Keys of a configuration that many would write alike: for a file of the tree, which requests its tokens are for; for a route,
 * where it leads and where the credential stands. They are data ({@code presets.yaml}); what is written beside {@code preset}
 * comes over them, key by key.
 */
final class Presets {
    private static final String KEY = "preset";
    private static final String PATH = "path";
    private static final String CREDENTIAL = "credential";
    private static final String PLACEHOLDER = "${name}";
    /** What may stand in a name at all, whatever its pattern says: nothing that separates, escapes or matches across segments. */
    private static final Pattern SAFE_NAME =
            Pattern.compile("(?:(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~@-]+/)*" + "(?:\\*|(?!\\.{1,2}$)[A-Za-z0-9._~@-]+)");

    private static final int MAX_NAME = 512;

    /**
     * What a preset may be given.
     *
     * @param form as it is told to a person
     */
    record Name(String form, Pattern pattern) {}

    /**
     * A preset for a file.
     *
     * @param route the preset for the route that its tokens are spent at
     * @param takes empty where the preset is for everything its service has
     * @param keys of a file, with {@code ${name}} in some
     */
    record OfFile(String route, Optional<Name> takes, Yaml.Mapping keys) {}

    /** Read once, when the first preset is used. */
    private static final class BuiltIn {
        static final Presets PRESETS = load();

        private BuiltIn() {}
    }

    private final Map<String, OfFile> files = new LinkedHashMap<>();
    private final Map<String, Yaml.Mapping> routes = new LinkedHashMap<>();

    private Presets(Yaml document) throws ConfigurationException {
        Yaml.Mapping top = ConfigurationReader.mapping(document, "the presets");
        Map<String, Name> names = new LinkedHashMap<>();
        for (Yaml.Entry entry : entries(top, "names")) {
            Yaml.Mapping name = ConfigurationReader.mapping(entry.value(), entry.key());
            names.put(entry.key(), new Name(text(name, "form"), Pattern.compile(text(name, "pattern"))));
        }
        for (Yaml.Entry entry : entries(top, "routes")) {
            routes.put(entry.key(), ConfigurationReader.mapping(entry.value(), entry.key()));
        }
        for (Yaml.Entry entry : entries(top, "files")) {
            Yaml.Mapping keys = ConfigurationReader.mapping(entry.value(), entry.key());
            String route = text(keys, "route");
            Optional<Name> takes = Optional.empty();
            if (keys.get("takes").isPresent()) {
                Name name = names.get(text(keys, "takes"));
                if (name == null) {
                    throw new ConfigurationException(keys.at(), "it takes something of which 'names' says nothing");
                }
                takes = Optional.of(name);
            }
            List<Yaml.Entry> own = new ArrayList<>();
            own.add(new Yaml.Entry("host", keys.at(), new Yaml.Scalar(host(route), keys.at())));
            for (Yaml.Entry key : keys.entries()) {
                if (!key.key().equals("route") && !key.key().equals("takes")) {
                    own.add(key);
                }
            }
            files.put(entry.key(), new OfFile(route, takes, new Yaml.Mapping(List.copyOf(own), keys.at())));
        }
    }

    static Presets builtIn() {
        return BuiltIn.PRESETS;
    }

    private static Presets load() {
        try (InputStream in = Presets.class.getResourceAsStream("presets.yaml")) {
            if (in == null) {
                throw new IllegalStateException("presets.yaml is not in the program");
            }
            return new Presets(Yaml.parse(new String(in.readAllBytes(), StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ConfigurationException e) {
            throw new IllegalStateException("presets.yaml:" + e.getMessage(), e);
        }
    }

    private static List<Yaml.Entry> entries(Yaml.Mapping top, String key) throws ConfigurationException {
        return ConfigurationReader.mapping(ConfigurationReader.require(top, key), key)
                .entries();
    }

    private static String text(Yaml.Mapping mapping, String key) throws ConfigurationException {
        return ConfigurationReader.scalar(ConfigurationReader.require(mapping, key), key)
                .text();
    }

    private String host(String route) throws ConfigurationException {
        Yaml.Mapping keys = routes.get(route);
        if (keys == null) {
            throw new IllegalStateException("presets.yaml: no route " + route);
        }
        return URI.create(text(keys, "upstream")).getAuthority();
    }

    /** For files, by name. */
    Map<String, OfFile> files() {
        return files;
    }

    /** For routes, by name. */
    Map<String, Yaml.Mapping> routes() {
        return routes;
    }

    /**
     * The keys of a file with those of its presets among them.
     *
     * @param own as they are written; {@code preset} may be one of them
     */
    static Map<String, Yaml> file(Map<String, Yaml> own) throws ConfigurationException {
        Yaml preset = own.get(KEY);
        if (preset == null) {
            return own;
        }
        Map<String, Yaml> keys = preset instanceof Yaml.Scalar name
                ? builtIn().whole(name)
                : builtIn().named(preset);
        keys.putAll(own);
        keys.remove(KEY);
        return keys;
    }

    private Map<String, Yaml> whole(Yaml.Scalar name) throws ConfigurationException {
        OfFile preset = find(name.text(), name.at());
        if (preset.takes().isPresent()) {
            throw new ConfigurationException(
                    name.at(),
                    "preset '" + name.text() + "' is for one or more: write '{ " + name.text() + ": "
                            + preset.takes().get().form() + " }'");
        }
        return keys(preset, name);
    }

    private Map<String, Yaml> named(Yaml presets) throws ConfigurationException {
        Yaml.Mapping mapping = ConfigurationReader.mapping(presets, KEY);
        Map<String, Yaml> all = new LinkedHashMap<>();
        List<Yaml> paths = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Yaml.Entry entry : mapping.entries()) {
            OfFile preset = find(entry.key(), entry.at());
            Name takes = preset.takes()
                    .orElseThrow(() -> new ConfigurationException(
                            entry.at(),
                            "preset '" + entry.key() + "' takes no name: write 'preset: " + entry.key() + "'"));
            for (Yaml.Scalar name : scalars(entry)) {
                require(takes, name);
                Map<String, Yaml> keys = keys(preset, name);
                if (keys.get(PATH) instanceof Yaml.Sequence list) {
                    for (Yaml path : list.items()) {
                        if (seen.add(flow(path))) {
                            paths.add(path);
                        }
                    }
                }
                for (Map.Entry<String, Yaml> key : keys.entrySet()) {
                    Yaml other = all.putIfAbsent(key.getKey(), key.getValue());
                    // One caveat would let each method on each path.
                    if (other != null
                            && !key.getKey().equals(PATH)
                            && !flow(other).equals(flow(key.getValue()))) {
                        throw new ConfigurationException(
                                entry.at(),
                                "'" + entry.key() + "' and the preset before it differ in '" + key.getKey()
                                        + "': a token can have one of the two, so write two files");
                    }
                }
            }
        }
        if (paths.isEmpty()) {
            throw new ConfigurationException(mapping.at(), "'preset' names a preset");
        }
        all.put(PATH, new Yaml.Sequence(List.copyOf(paths), mapping.at()));
        return all;
    }

    private static List<Yaml.Scalar> scalars(Yaml.Entry entry) throws ConfigurationException {
        List<Yaml> items = entry.value() instanceof Yaml.Sequence list ? list.items() : List.of(entry.value());
        List<Yaml.Scalar> names = new ArrayList<>();
        for (Yaml item : items) {
            names.add(ConfigurationReader.scalar(item, entry.key()));
        }
        return names;
    }

    private static void require(Name takes, Yaml.Scalar name) throws ConfigurationException {
        if (name.text().length() > MAX_NAME
                || !SAFE_NAME.matcher(name.text()).matches()
                || !takes.pattern().matcher(name.text()).matches()) {
            throw new ConfigurationException(name.at(), "expected " + takes.form() + ", not '" + name.text() + "'");
        }
    }

    private OfFile find(String name, Position at) throws ConfigurationException {
        OfFile preset = files.get(name);
        if (preset == null) {
            throw new ConfigurationException(at, "no preset '" + name + "'" + Suggestion.among(files.keySet(), name));
        }
        return preset;
    }

    private static Map<String, Yaml> keys(OfFile preset, Yaml.Scalar name) {
        Map<String, Yaml> keys = new LinkedHashMap<>();
        for (Yaml.Entry entry : preset.keys().entries()) {
            keys.put(entry.key(), written(entry.value(), name.text(), name.at()));
        }
        return keys;
    }

    /** The value as if it stood where the preset is named. */
    private static Yaml written(Yaml value, String name, Position at) {
        if (value instanceof Yaml.Sequence list) {
            return new Yaml.Sequence(
                    list.items().stream().map(item -> written(item, name, at)).toList(), at);
        }
        if (value instanceof Yaml.Mapping mapping) {
            return new Yaml.Mapping(
                    mapping.entries().stream()
                            .map(entry -> new Yaml.Entry(entry.key(), at, written(entry.value(), name, at)))
                            .toList(),
                    at);
        }
        return new Yaml.Scalar(((Yaml.Scalar) value).text().replace(PLACEHOLDER, name), at);
    }

    /**
     * The keys of a route with those of its preset among them. Of the credential a person writes where its value comes from,
     * and the preset says where it is put.
     *
     * @param own as they are written; {@code preset} may be one of them, a name of a route's preset or of a file's
     * @param sources the keys that say where the value of a credential comes from
     */
    static Yaml.Mapping route(Yaml.Mapping own, List<String> sources) throws ConfigurationException {
        Optional<Yaml> preset = own.get(KEY);
        if (preset.isEmpty()) {
            return own;
        }
        if (!(preset.get() instanceof Yaml.Scalar name)) {
            throw new ConfigurationException(
                    preset.get().at(),
                    "the preset of a route is one name, without repositories: write 'preset: "
                            + builtIn().routeOf(preset.get()) + "'");
        }
        Map<String, Yaml.Entry> merged = new LinkedHashMap<>();
        for (Yaml.Entry entry : builtIn().preset(name).entries()) {
            merged.put(entry.key(), new Yaml.Entry(entry.key(), name.at(), written(entry.value(), "", name.at())));
        }
        Yaml.Entry placement = merged.remove(CREDENTIAL);
        for (Yaml.Entry entry : own.entries()) {
            if (entry.key().equals(CREDENTIAL) && placement != null) {
                merged.put(CREDENTIAL, credential(entry, placement, sources));
            } else if (!entry.key().equals(KEY)) {
                merged.put(entry.key(), entry);
            }
        }
        return new Yaml.Mapping(List.copyOf(merged.values()), own.at());
    }

    /** The route that was meant by the preset of a file, or an example. */
    private String routeOf(Yaml written) {
        String name =
                written instanceof Yaml.Mapping mapping && !mapping.entries().isEmpty()
                        ? mapping.entries().get(0).key()
                        : "";
        OfFile file = files.get(name);
        if (file != null) {
            return file.route();
        }
        return routes.containsKey(name) ? name : "github-git";
    }

    private Yaml.Mapping preset(Yaml.Scalar name) throws ConfigurationException {
        OfFile file = files.get(name.text());
        Yaml.Mapping preset = routes.get(file == null ? name.text() : file.route());
        if (preset == null) {
            throw new ConfigurationException(
                    name.at(),
                    "no preset '" + name.text() + "' for a route" + Suggestion.among(routes.keySet(), name.text()));
        }
        return preset;
    }

    private static Yaml.Entry credential(Yaml.Entry own, Yaml.Entry placement, List<String> sources) {
        if (!(own.value() instanceof Yaml.Mapping source)
                || !(placement.value() instanceof Yaml.Mapping preset)
                || source.entries().isEmpty()
                || !source.entries().stream().allMatch(entry -> sources.contains(entry.key()))) {
            return own;
        }
        Yaml.Entry kind = preset.entries().get(0);
        List<Yaml.Entry> keys = new ArrayList<>(((Yaml.Mapping) kind.value()).entries());
        keys.addAll(source.entries());
        Yaml.Mapping where = new Yaml.Mapping(List.copyOf(keys), source.at());
        return new Yaml.Entry(
                CREDENTIAL,
                own.at(),
                new Yaml.Mapping(List.of(new Yaml.Entry(kind.key(), source.at(), where)), source.at()));
    }

    /** The value on one line. */
    static String flow(Yaml value) {
        if (value instanceof Yaml.Sequence list) {
            return list.items().stream().map(Presets::flow).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Yaml.Mapping mapping) {
            return mapping.entries().stream()
                    .map(entry -> entry.key() + ": " + flow(entry.value()))
                    .collect(Collectors.joining(", ", "{ ", " }"));
        }
        return ((Yaml.Scalar) value).text();
    }
}
