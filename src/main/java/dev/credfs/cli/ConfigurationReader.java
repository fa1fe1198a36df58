package dev.credfs.cli;

import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.HostCaveat;
import dev.credfs.caveat.HostPattern;
import dev.credfs.caveat.MethodCaveat;
import dev.credfs.caveat.PathCaveat;
import dev.credfs.caveat.PathGlob;
import dev.credfs.gateway.GatewayConfig;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Format;
import dev.credfs.mint.Mint;
import dev.credfs.mint.Pace;
import dev.credfs.mint.Template;
import dev.credfs.mint.TemplateSyntaxException;
import dev.credfs.mint.TokenFile;
import dev.credfs.policy.Condition;
import dev.credfs.policy.ContainerGlob;
import dev.credfs.policy.Executable;
import dev.credfs.policy.Gid;
import dev.credfs.policy.Narrowing;
import dev.credfs.policy.Policy;
import dev.credfs.policy.Rule;
import dev.credfs.policy.Uid;
import dev.credfs.procfs.ContainerPatterns;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Turns the text of a configuration file into a {@link Configuration}: of the machine it asks only {@link Programs}. */
final class ConfigurationReader {
    static final List<String> TOP_KEYS = List.of(
            "mount",
            "audience",
            "masters",
            "tree",
            "allow-other",
            "audit",
            "containers",
            "vault",
            "identity",
            "gateway");
    static final List<String> MASTER_KEYS = List.of("file", "vault");
    static final List<String> FILE_KEYS = List.of(
            "master",
            "like",
            "preset",
            "ttl",
            "host",
            "method",
            "path",
            "allow",
            "template",
            "format",
            "login",
            "variable",
            "exec-version",
            "notify",
            "client",
            "rate",
            "coalesce");
    static final List<String> TRUST_KEYS = List.of("trust", "proxy", "certificate");
    static final List<String> RULE_KEYS =
            List.of("any", "uid", "gid", "container", "exe", "bind", "ttl", "host", "method", "path");
    private static final String ALLOW = "allow";
    private static final String TRUST = "trust";
    private static final String CUSTOM = "custom";
    private static final String DEFAULT_AUDIT = "audit.jsonl";

    private static final Duration DEFAULT_TTL = Duration.ofMinutes(5);
    private static final Duration LONGEST_TTL = Duration.ofDays(30);
    private static final Pattern RATE = Pattern.compile("[1-9][0-9]{0,4}");
    private static final Pattern DURATION = Pattern.compile("([1-9][0-9]{0,5})([smhd])");
    /** What stands between quotes, colons and at signs of every format without being escaped in any. */
    private static final Pattern LOGIN = Pattern.compile("[A-Za-z0-9._+-]{1,64}");

    private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");
    /** What stands in a shell script, in JAVA_TOOL_OPTIONS and in a URL as it is. */
    private static final Pattern SEEN_AT = Pattern.compile("(/[A-Za-z0-9._-]+)+");

    private static final Pattern PROXY = Pattern.compile("http://([A-Za-z0-9.-]+):([1-9][0-9]{0,4})");
    private static final Configuration.Proxy DEFAULT_PROXY = new Configuration.Proxy("127.0.0.1", 3128);
    private static final Pattern EXEC_VERSION = Pattern.compile("v1|v1beta1");

    private final Path file;

    private final Programs programs;
    private Optional<Yaml> gateway = Optional.empty();

    /** The files of this machine, as far as rules name them. */
    interface Programs {
        /**
         * The file that a path leads to, links followed.
         *
         * @throws IOException if there is none
         */
        Executable at(String path) throws IOException;
    }

    private ConfigurationReader(Path file, Programs programs) {
        this.file = file;
        this.programs = programs;
    }

    /**
     * Reads a configuration.
     *
     * @param file where {@code text} comes from, absolute: relative paths in it begin at its directory
     * @param programs what the paths under 'exe' lead to
     */
    static Configuration read(String text, Path file, Programs programs) throws ConfigurationException {
        return new ConfigurationReader(file, programs).configuration(Yaml.parse(text));
    }

    /** The audit log that {@code text} names, whatever the rest of it is. */
    static Path auditOf(String text, Path file) throws ConfigurationException {
        ConfigurationReader reader = new ConfigurationReader(file, path -> {
            throw new IOException("not asked for");
        });
        return reader.audit(mapping(Yaml.parse(text), "the configuration"));
    }

    private Path audit(Yaml.Mapping top) throws ConfigurationException {
        Optional<Yaml> audit = top.get("audit");
        return audit.isPresent() ? path(audit.get(), "audit") : resolve(DEFAULT_AUDIT);
    }

    private Configuration configuration(Yaml document) throws ConfigurationException {
        Yaml.Mapping top = mapping(document, "the configuration");
        onlyKeys(top, TOP_KEYS);
        Yaml.Scalar audienceText = scalar(require(top, "audience"), "audience");
        Audience audience;
        try {
            audience = Audience.parseValue(audienceText.text());
        } catch (CaveatSyntaxException e) {
            throw at(audienceText, e);
        }
        SortedMap<String, Configuration.MasterSource> masters = masters(require(top, "masters"));
        gateway = top.get("gateway");
        Configuration.Folder tree =
                folder("", mapping(require(top, "tree"), "tree"), new Policy(List.of()), masters, audience);
        Optional<Yaml> allowOther = top.get("allow-other");
        Optional<Yaml> containers = top.get("containers");
        return new Configuration(
                file,
                path(require(top, "mount"), "mount"),
                allowOther.isPresent() && bool(allowOther.get(), "allow-other"),
                audit(top),
                containers.isPresent() ? containers(containers.get()) : ContainerPatterns.known(),
                VaultSource.read(top, top, file),
                masters,
                tree);
    }

    static ContainerPatterns containers(Yaml yaml) throws ConfigurationException {
        if (!(yaml instanceof Yaml.Sequence sequence)) {
            throw new ConfigurationException(
                    yaml.at(), "'containers' is a list of cgroup paths such as '/my/prefix/*'");
        }
        ContainerPatterns patterns = ContainerPatterns.known();
        List<String> places = new ArrayList<>();
        for (Yaml item : sequence.items()) {
            Yaml.Scalar text = scalar(item, "containers");
            if (places.contains(text.text())) {
                throw new ConfigurationException(text.at(), "'" + text.text() + "' stands in the list twice");
            }
            places.add(text.text());
            try {
                patterns = patterns.with(text.text());
            } catch (IllegalArgumentException e) {
                throw new ConfigurationException(text.at(), String.valueOf(e.getMessage()));
            }
        }
        return patterns;
    }

    private SortedMap<String, Configuration.MasterSource> masters(Yaml yaml) throws ConfigurationException {
        SortedMap<String, Configuration.MasterSource> masters = new TreeMap<>();
        for (Yaml.Entry entry : mapping(yaml, "masters").entries()) {
            checkName(entry);
            Yaml.Mapping source = mapping(entry.value(), "a master");
            onlyKeys(source, MASTER_KEYS);
            masters.put(entry.key(), master(source, entry.at()));
        }
        return masters;
    }

    private Configuration.MasterSource master(Yaml.Mapping source, Position at) throws ConfigurationException {
        Optional<Yaml> vault = source.get("vault");
        if (vault.isEmpty()) {
            return new Configuration.MasterSource.InFile(path(require(source, "file"), "file"), at);
        }
        if (source.get("file").isPresent()) {
            throw new ConfigurationException(source.at(), "a master is in a file or in the vault, not in both");
        }
        return new Configuration.MasterSource.InVault(
                scalar(vault.get(), "vault").text(), at);
    }

    /** A mapping with a master of its own, or one to copy, is a file; every other one is a directory. */
    private static boolean isFile(Yaml.Mapping mapping) {
        return mapping.get("master").orElse(null) instanceof Yaml.Scalar
                || mapping.get("like").orElse(null) instanceof Yaml.Scalar;
    }

    private Configuration.Folder folder(
            String path,
            Yaml.Mapping mapping,
            Policy inherited,
            SortedMap<String, Configuration.MasterSource> masters,
            Audience audience)
            throws ConfigurationException {
        Optional<Yaml> allow = mapping.get(ALLOW);
        Policy policy = allow.isPresent() ? policy(allow.get(), programs) : inherited;
        SortedMap<String, Configuration.Entry> entries = new TreeMap<>();
        for (Yaml.Entry entry : mapping.entries()) {
            if (entry.key().equals(ALLOW)) {
                continue;
            }
            checkName(entry);
            if (path.isEmpty() && entry.key().equals(Mint.LAST_REFUSALS)) {
                throw new ConfigurationException(
                        entry.at(),
                        "'" + entry.key() + "' at the root is the file in which a caller sees why it was refused");
            }
            if (!(entry.value() instanceof Yaml.Mapping child)) {
                throw new ConfigurationException(
                        entry.at(),
                        "'" + entry.key() + "' is neither a file (it has no 'master') nor a directory of files"
                                + Suggestion.near(List.of(ALLOW, TRUST, "master", "like"), entry.key()));
            }
            String childPath = path + "/" + entry.key();
            if (isFile(child)) {
                Map<String, Yaml> written = withLike(mapping, entry.key(), child);
                Map<String, Yaml> keys = Presets.file(written);
                entries.put(
                        entry.key(),
                        definition(entry.at(), childPath, preset(written), keys, policy, masters, audience));
            } else if (child.get(TRUST).orElse(null) instanceof Yaml.Scalar) {
                entries.put(entry.key(), trust(childPath, child));
            } else {
                entries.put(entry.key(), folder(childPath, child, policy, masters, audience));
            }
        }
        return new Configuration.Folder(entries);
    }

    private static String preset(Map<String, Yaml> keys) {
        Yaml preset = keys.get("preset");
        return preset == null ? "" : Presets.flow(preset);
    }

    private Configuration.Trust trust(String path, Yaml.Mapping mapping) throws ConfigurationException {
        onlyKeys(mapping, TRUST_KEYS);
        Yaml.Scalar seenAt = scalar(require(mapping, TRUST), TRUST);
        if (!SEEN_AT.matcher(seenAt.text()).matches()) {
            throw new ConfigurationException(
                    seenAt.at(),
                    "'trust' is where containers see this directory: an absolute path of A-Z a-z 0-9 . _ - and /");
        }
        Optional<Yaml> certificate = mapping.get("certificate");
        return new Configuration.Trust(
                path,
                seenAt.text(),
                proxy(mapping.get("proxy")),
                certificate.isPresent() ? path(certificate.get(), "certificate") : ofGateway(mapping.at()));
    }

    private static Configuration.Proxy proxy(Optional<Yaml> yaml) throws ConfigurationException {
        if (yaml.isEmpty()) {
            return DEFAULT_PROXY;
        }
        Yaml.Scalar text = scalar(yaml.get(), "proxy");
        Matcher proxy = PROXY.matcher(text.text());
        if (!proxy.matches()) {
            throw new ConfigurationException(
                    text.at(), "'proxy' is a URL such as 'http://127.0.0.1:3128', not '" + text.text() + "'");
        }
        return new Configuration.Proxy(proxy.group(1), Integer.parseInt(proxy.group(2)));
    }

    /** The certificate of the gateway in this very configuration. */
    private Path ofGateway(Position at) throws ConfigurationException {
        if (!(gateway.orElse(null) instanceof Yaml.Mapping section)
                || section.get("intercept").isEmpty()) {
            throw new ConfigurationException(
                    at, "no gateway intercepts in this configuration: say where its 'certificate' is");
        }
        Optional<Yaml> certificate =
                GatewayReader.intercept(require(section, "intercept")).get("certificate");
        if (certificate.isPresent()) {
            return path(certificate.get(), "certificate");
        }
        Optional<Yaml> state = section.get("state");
        return GatewayConfig.certificate(
                state.isPresent() ? path(state.get(), "state") : resolve(GatewayReader.DEFAULT_STATE));
    }

    /** The keys of a file, those of the file it is {@code like} first and its own over them. */
    private static Map<String, Yaml> withLike(Yaml.Mapping directory, String name, Yaml.Mapping own)
            throws ConfigurationException {
        Map<String, Yaml> keys = new LinkedHashMap<>();
        onlyKeys(own, FILE_KEYS);
        Optional<Yaml> like = own.get("like");
        if (like.isPresent()) {
            Yaml.Scalar other = scalar(like.get(), "like");
            if (!(directory.get(other.text()).orElse(null) instanceof Yaml.Mapping model) || !isFile(model)) {
                throw new ConfigurationException(
                        other.at(), "no file '" + other.text() + "' in the same directory to be like");
            }
            if (model.get("like").isPresent()) {
                throw new ConfigurationException(
                        other.at(),
                        other.text().equals(name)
                                ? "a file cannot be like itself"
                                : "'" + other.text() + "' is itself like another file: name that one");
            }
            onlyKeys(model, FILE_KEYS);
            for (Yaml.Entry entry : model.entries()) {
                keys.put(entry.key(), entry.value());
            }
        }
        for (Yaml.Entry entry : own.entries()) {
            if (!entry.key().equals("like")) {
                keys.put(entry.key(), entry.value());
            }
        }
        return keys;
    }

    private Configuration.FileDefinition definition(
            Position at,
            String path,
            String preset,
            Map<String, Yaml> keys,
            Policy inherited,
            SortedMap<String, Configuration.MasterSource> masters,
            Audience audience)
            throws ConfigurationException {
        Yaml.Scalar master = scalar(keys.getOrDefault("master", new Yaml.Scalar("", at)), "master");
        if (!masters.containsKey(master.text())) {
            throw new ConfigurationException(
                    master.at(),
                    "no master '" + master.text() + "' under 'masters'"
                            + Suggestion.among(masters.keySet(), master.text()));
        }
        List<Caveat> caveats = new ArrayList<>();
        caveats.add(audience);
        caveats.addAll(requestCaveats(keys, at));
        List<HostPattern> hosts = caveatList(keys.get("host"), "host", HostPattern::parse);
        Yaml allow = keys.get(ALLOW);
        Yaml notify = keys.get("notify");
        return new Configuration.FileDefinition(
                at,
                path,
                preset,
                master.text(),
                ttl(keys.get("ttl")),
                caveats,
                allow == null ? inherited : policy(allow, programs),
                template(at, keys, hosts),
                pace(keys.get("rate"), keys.get("coalesce")),
                notify != null && bool(notify, "notify"),
                client(keys.get("client")));
    }

    private static String method(String text) throws CaveatSyntaxException {
        return MethodCaveat.parseValue(text).methods().get(0);
    }

    private static Duration ttl(@Nullable Yaml yaml) throws ConfigurationException {
        if (yaml == null) {
            return DEFAULT_TTL;
        }
        Yaml.Scalar text = scalar(yaml, "ttl");
        Duration ttl = duration(text);
        if (ttl.compareTo(TokenFile.SHORTEST_TTL) < 0 || ttl.compareTo(LONGEST_TTL) > 0) {
            throw new ConfigurationException(text.at(), "a ttl is from 2s to 30d");
        }
        return ttl;
    }

    private static Pace pace(@Nullable Yaml rate, @Nullable Yaml coalesce) throws ConfigurationException {
        int readsPerMinute = Pace.FREE.readsPerMinute();
        if (rate != null) {
            Yaml.Scalar text = scalar(rate, "rate");
            if (!RATE.matcher(text.text()).matches()) {
                throw new ConfigurationException(
                        text.at(), "a rate is a number of reads per minute from 1 to 99999, not '" + text.text() + "'");
            }
            readsPerMinute = Integer.parseInt(text.text());
        }
        Duration again = Pace.FREE.coalesce();
        if (coalesce != null) {
            Yaml.Scalar text = scalar(coalesce, "coalesce");
            again = duration(text);
            if (again.compareTo(Pace.LONGEST_COALESCE) > 0) {
                throw new ConfigurationException(
                        text.at(),
                        "a token is given again for " + Pace.LONGEST_COALESCE.toSeconds() + "s at most, not for "
                                + text.text());
            }
        }
        return new Pace(readsPerMinute, again);
    }

    private static Duration duration(Yaml.Scalar text) throws ConfigurationException {
        Matcher matcher = DURATION.matcher(text.text());
        if (!matcher.matches()) {
            throw new ConfigurationException(
                    text.at(), "expected a duration such as 90s, 5m, 1h or 1d, not '" + text.text() + "'");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    private static ClientClass client(@Nullable Yaml yaml) throws ConfigurationException {
        if (yaml == null) {
            return ClientClass.PER_USE;
        }
        Yaml.Scalar text = scalar(yaml, "client");
        List<String> known = new ArrayList<>();
        for (ClientClass candidate : ClientClass.values()) {
            if (candidate.key().equals(text.text())) {
                return candidate;
            }
            known.add(candidate.key());
        }
        throw new ConfigurationException(
                text.at(), "no client class '" + text.text() + "'" + Suggestion.among(known, text.text()));
    }

    private static Template template(Position at, Map<String, Yaml> keys, List<HostPattern> hosts)
            throws ConfigurationException {
        Map<String, String> fixed = new TreeMap<>();
        fixed.put("login", text(keys, "login", "x-access-token", LOGIN));
        fixed.put("variable", text(keys, "variable", "CREDFS_TOKEN", VARIABLE));
        fixed.put("exec-version", text(keys, "exec-version", "v1", EXEC_VERSION));
        List<String> exactHosts = new ArrayList<>();
        for (HostPattern host : hosts) {
            if (!host.subdomains()) {
                exactHosts.add(host.toString());
            }
        }
        Yaml.Scalar name = scalar(keys.getOrDefault("template", new Yaml.Scalar(Format.RAW.key(), at)), "template");
        Yaml format = keys.get("format");
        if (name.text().equals(CUSTOM)) {
            if (format == null) {
                throw new ConfigurationException(name.at(), "a custom template has its text under 'format'");
            }
            if (!exactHosts.isEmpty()) {
                fixed.put("host", exactHosts.get(0));
            }
            Yaml.Scalar text = scalar(format, "format");
            return parseTemplate(text.text(), fixed, text.at());
        }
        if (format != null) {
            throw new ConfigurationException(format.at(), "'format' goes with 'template: custom'");
        }
        Format known = knownFormat(name);
        if (known.namesHosts() && exactHosts.isEmpty()) {
            throw new ConfigurationException(
                    name.at(), "template '" + known.key() + "' needs a 'host' without '*' to write the token for");
        }
        if (known.namesOneHost() && exactHosts.size() > 1) {
            throw new ConfigurationException(name.at(), "template '" + known.key() + "' can name one host only");
        }
        return parseTemplate(known.text(exactHosts), fixed, name.at());
    }

    private static Template parseTemplate(String text, Map<String, String> fixed, Position at)
            throws ConfigurationException {
        try {
            return Template.parse(text, fixed);
        } catch (TemplateSyntaxException e) {
            throw new ConfigurationException(at, "format, column " + e.column() + ": " + e.getMessage());
        }
    }

    private static Format knownFormat(Yaml.Scalar name) throws ConfigurationException {
        List<String> known = new ArrayList<>();
        for (Format candidate : Format.values()) {
            if (candidate.key().equals(name.text())) {
                return candidate;
            }
            known.add(candidate.key());
        }
        known.add(CUSTOM);
        throw new ConfigurationException(
                name.at(), "no template '" + name.text() + "'" + Suggestion.among(known, name.text()));
    }

    private static String text(Map<String, Yaml> keys, String key, String otherwise, Pattern pattern)
            throws ConfigurationException {
        Yaml yaml = keys.get(key);
        if (yaml == null) {
            return otherwise;
        }
        Yaml.Scalar text = scalar(yaml, key);
        if (!pattern.matcher(text.text()).matches()) {
            throw new ConfigurationException(text.at(), "'" + key + "' must match " + pattern);
        }
        return text.text();
    }

    /** The hosts of a list, or the one host. */
    static List<HostPattern> hosts(Yaml yaml, String key) throws ConfigurationException {
        return caveatList(yaml, key, HostPattern::parse);
    }

    /** The {@code allow} list of a route that asks who its peer is: as in the tree, but there is no token to live long. */
    static Policy peers(Yaml yaml, Programs programs) throws ConfigurationException {
        if (yaml instanceof Yaml.Sequence sequence) {
            for (Yaml item : sequence.items()) {
                Optional<Yaml> ttl = mapping(item, "a rule").get("ttl");
                if (ttl.isPresent()) {
                    throw new ConfigurationException(
                            ttl.get().at(), "'ttl' is of a token, and with 'identity: peer' there is none");
                }
            }
        }
        return policy(yaml, programs);
    }

    private static Policy policy(Yaml yaml, Programs programs) throws ConfigurationException {
        List<Rule> rules = new ArrayList<>();
        if (!(yaml instanceof Yaml.Sequence sequence)) {
            throw new ConfigurationException(yaml.at(), "'allow' is a list of rules such as '- { uid: 1000 }'");
        }
        for (Yaml item : sequence.items()) {
            rules.add(rule(mapping(item, "a rule"), programs));
        }
        return new Policy(rules);
    }

    private static Rule rule(Yaml.Mapping mapping, Programs programs) throws ConfigurationException {
        onlyKeys(mapping, RULE_KEYS);
        boolean inContainer = mapping.get("container").isPresent();
        List<Condition> conditions = new ArrayList<>();
        Map<String, Yaml> narrowing = new LinkedHashMap<>();
        for (Yaml.Entry entry : mapping.entries()) {
            switch (entry.key()) {
                case "any" -> {
                    if (!bool(entry.value(), "any")) {
                        throw new ConfigurationException(entry.at(), "'any: false' matches nobody: leave the rule out");
                    }
                    conditions.add(new Condition.Any());
                }
                case "uid" -> conditions.add(new Condition.HasUid(new Uid(number(entry.value(), "uid"))));
                case "gid" -> conditions.add(new Condition.HasGid(new Gid(number(entry.value(), "gid"))));
                case "container" -> conditions.add(container(scalar(entry.value(), "container")));
                case "exe" -> conditions.add(program(scalar(entry.value(), "exe"), inContainer, programs));
                default -> narrowing.put(entry.key(), entry.value());
            }
        }
        if (conditions.isEmpty()) {
            throw new ConfigurationException(
                    mapping.at(), "a rule without conditions: write '{ any: true }' to allow every caller");
        }
        try {
            return new Rule(conditions, narrowing(narrowing, inContainer, mapping.at()));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(mapping.at(), String.valueOf(e.getMessage()));
        }
    }

    private static Condition container(Yaml.Scalar text) throws ConfigurationException {
        try {
            return new Condition.InContainer(new ContainerGlob(text.text()));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(text.at(), String.valueOf(e.getMessage()));
        }
    }

    private static Condition program(Yaml.Scalar path, boolean inContainer, Programs programs)
            throws ConfigurationException {
        if (!path.text().startsWith("/")) {
            throw new ConfigurationException(path.at(), "'exe' is an absolute path, not '" + path.text() + "'");
        }
        if (inContainer) {
            return new Condition.RunsPath(path.text());
        }
        try {
            return new Condition.RunsFile(programs.at(path.text()));
        } catch (IOException e) {
            throw new ConfigurationException(
                    path.at(),
                    "no program " + path.text() + " on this host (in a rule without 'container', 'exe' is a file of the"
                            + " host)");
        }
    }

    private static Narrowing narrowing(Map<String, Yaml> keys, boolean inContainer, Position at)
            throws ConfigurationException {
        Yaml bind = keys.get("bind");
        boolean bound = inContainer;
        if (bind != null) {
            Yaml.Scalar text = scalar(bind, "bind");
            bound = text.text().equals("container");
            if (!bound && !text.text().equals("none")) {
                throw new ConfigurationException(
                        text.at(), "'bind' is 'container' or 'none', not '" + text.text() + "'");
            }
        }
        Yaml ttl = keys.get("ttl");
        return new Narrowing(ttl == null ? Narrowing.NONE.ttlAtMost() : ttl(ttl), requestCaveats(keys, at), bound);
    }

    /** What requests a token is for: host, method and path, in this order. */
    static List<Caveat> requestCaveats(Map<String, Yaml> keys, Position at) throws ConfigurationException {
        List<Caveat> caveats = new ArrayList<>();
        List<HostPattern> hosts = caveatList(keys.get("host"), "host", HostPattern::parse);
        List<String> methods = caveatList(keys.get("method"), "method", ConfigurationReader::method);
        List<PathGlob> globs = caveatList(keys.get("path"), "path", PathGlob::parse);
        try {
            if (!hosts.isEmpty()) {
                caveats.add(new HostCaveat(hosts));
            }
            if (!methods.isEmpty()) {
                caveats.add(new MethodCaveat(methods));
            }
            if (!globs.isEmpty()) {
                caveats.add(new PathCaveat(globs));
            }
        } catch (IllegalArgumentException e) {
            // Each entry was read, so it is what they are together that no caveat holds.
            throw new ConfigurationException(
                    at, "the list for one caveat is longer than " + Caveat.MAX_BYTES + " bytes");
        }
        return caveats;
    }

    private static long number(Yaml yaml, String key) throws ConfigurationException {
        Yaml.Scalar text = scalar(yaml, key);
        if (!text.text().matches("0|[1-9][0-9]{0,9}") || Long.parseLong(text.text()) > 0xffff_ffffL) {
            throw new ConfigurationException(
                    text.at(), "'" + key + "' is a number from 0 to 4294967295, not '" + text.text() + "'");
        }
        return Long.parseLong(text.text());
    }

    /** Reads a scalar, or each of a list, in the caveat language. */
    private interface Item<T> {
        T parse(String text) throws CaveatSyntaxException;
    }

    private static <T> List<T> caveatList(@Nullable Yaml yaml, String key, Item<T> item) throws ConfigurationException {
        List<T> values = new ArrayList<>();
        if (yaml == null) {
            return values;
        }
        List<Yaml> items = yaml instanceof Yaml.Sequence sequence ? sequence.items() : List.of(yaml);
        if (items.isEmpty()) {
            throw new ConfigurationException(
                    yaml.at(), "an empty list for '" + key + "': leave the key out to allow every " + key);
        }
        for (Yaml each : items) {
            Yaml.Scalar text = scalar(each, key);
            try {
                T value = item.parse(text.text());
                if (values.contains(value)) {
                    throw new ConfigurationException(text.at(), "'" + text.text() + "' stands in the list twice");
                }
                values.add(value);
            } catch (CaveatSyntaxException e) {
                throw at(text, e);
            }
        }
        return values;
    }

    private static ConfigurationException at(Yaml.Scalar text, CaveatSyntaxException e) {
        return new ConfigurationException(text.at().plus(e.column() - 1), e.problem() + ": '" + text.text() + "'");
    }

    private Path path(Yaml yaml, String key) throws ConfigurationException {
        Yaml.Scalar text = scalar(yaml, key);
        if (text.text().isEmpty() || text.text().indexOf('\0') >= 0) {
            throw new ConfigurationException(text.at(), "'" + key + "' is a path");
        }
        return resolve(text.text());
    }

    private Path resolve(String path) {
        return file.resolveSibling(path).toAbsolutePath().normalize();
    }

    static boolean bool(Yaml yaml, String key) throws ConfigurationException {
        Yaml.Scalar text = scalar(yaml, key);
        if (text.text().equals("true") || text.text().equals("false")) {
            return text.text().equals("true");
        }
        throw new ConfigurationException(text.at(), "'" + key + "' is true or false, not '" + text.text() + "'");
    }

    static void checkName(Yaml.Entry entry) throws ConfigurationException {
        if (!Directory.isName(entry.key())) {
            throw new ConfigurationException(
                    entry.at(), "'" + entry.key() + "' is no name: 1 to 64 characters of A-Z a-z 0-9 . _ -");
        }
    }

    static Yaml require(Yaml.Mapping mapping, String key) throws ConfigurationException {
        Optional<Yaml> value = mapping.get(key);
        if (value.isEmpty()) {
            throw new ConfigurationException(mapping.at(), "the key '" + key + "' is missing");
        }
        return value.get();
    }

    static void onlyKeys(Yaml.Mapping mapping, List<String> known) throws ConfigurationException {
        for (Yaml.Entry entry : mapping.entries()) {
            if (!known.contains(entry.key())) {
                throw new ConfigurationException(
                        entry.at(), "unknown key '" + entry.key() + "'" + Suggestion.among(known, entry.key()));
            }
        }
    }

    static Yaml.Mapping mapping(Yaml yaml, String what) throws ConfigurationException {
        if (yaml instanceof Yaml.Mapping mapping) {
            return mapping;
        }
        throw new ConfigurationException(yaml.at(), "expected keys and values for " + what);
    }

    static Yaml.Scalar scalar(Yaml yaml, String key) throws ConfigurationException {
        if (yaml instanceof Yaml.Scalar scalar) {
            return scalar;
        }
        throw new ConfigurationException(yaml.at(), "expected one value for '" + key + "'");
    }
}
