package dev.credfs.cli;

import dev.credfs.audit.Problems;
import dev.credfs.caveat.Audience;
import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.CaveatSyntaxException;
import dev.credfs.caveat.HostPattern;
import dev.credfs.crypto.SecretBytes;
import dev.credfs.gateway.Credential;
import dev.credfs.gateway.GatewayConfig;
import dev.credfs.gateway.Identity;
import dev.credfs.gateway.Interception;
import dev.credfs.gateway.Limits;
import dev.credfs.gateway.Placement;
import dev.credfs.gateway.Protocol;
import dev.credfs.gateway.Route;
import dev.credfs.gateway.Upstream;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.RootKey;
import dev.credfs.policy.Failure;
import dev.credfs.procfs.ContainerPatterns;
import dev.credfs.vault.Entry;
import dev.credfs.vault.Vault;
import dev.credfs.vault.VaultException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code gateway} section of a configuration, with the root keys and credentials it names: the only reader of
 * either, in the only process that may hold them.
 */
final class GatewayReader {
    static final List<String> KEYS = List.of(
            "socket",
            "listen",
            "unsafe-listen",
            "audit",
            "state",
            "keys",
            "identity",
            "routes",
            "intercept",
            "metrics",
            "unsafe-metrics");
    static final List<String> ROUTE_KEYS = List.of(
            "upstream",
            "credential",
            "private",
            "ca",
            "intercept",
            "identity",
            "allow",
            "method",
            "path",
            "token-header",
            "anonymous",
            "websocket",
            "protocol",
            "preset",
            "serve");
    static final List<String> INTERCEPT_KEYS = List.of("tunnel", "private", "certificate");
    /** What goes with a token, and what goes with a peer. */
    private static final List<String> TOKEN_KEYS = List.of("token-header", "anonymous");

    private static final List<String> PEER_KEYS = List.of("allow", "method", "path");
    private static final String PEER = "peer";
    /** The kinds of a credential, with the keys of each. */
    static final Map<String, List<String>> CREDENTIAL_KEYS = Map.of(
            "bearer", List.of("file", "stdin", "vault"),
            "header", List.of("file", "stdin", "vault", "name", "prefix"),
            "basic", List.of("file", "stdin", "vault", "login"),
            "query", List.of("file", "stdin", "vault", "name"),
            "aws", List.of("file", "stdin", "vault", "region", "service"),
            "oauth2",
                    List.of(
                            "file",
                            "stdin",
                            "vault",
                            "token-url",
                            "client-id",
                            "grant",
                            "client-secret",
                            "client-auth",
                            "scope",
                            "audience",
                            "login",
                            "private",
                            "ca"),
            "github-app",
                    List.of("file", "stdin", "vault", "app-id", "installation-id", "api", "login", "private", "ca"));

    private static final List<String> KINDS =
            List.of("bearer", "header", "basic", "query", "aws", "oauth2", "github-app");
    /** Where the value of a credential comes from. */
    private static final List<String> SOURCES = List.of("file", "stdin", "vault");

    private static final String AWS_CONTAINER = "aws-container-credentials";
    private static final String GITHUB = "https://api.github.com";
    private static final byte[] UNREAD = "not-read".getBytes(StandardCharsets.US_ASCII);

    static final List<String> ANONYMOUS_KEYS = List.of("method", "path");
    private static final String DEFAULT_AUDIT = "gateway-audit.jsonl";
    static final String DEFAULT_STATE = "gateway";
    /** A number and a port: names are for resolvers, and somebody may answer for them. */
    private static final Pattern LISTEN =
            Pattern.compile("(\\d{1,3}(?:\\.\\d{1,3}){3}|\\[[0-9a-fA-F:]+\\]):(\\d{1,5})");

    /**
     * What the section says.
     *
     * @param audit the gateway's own log
     * @param containers where in the cgroup tree containers live
     * @param vaultGeneration of the vault that keys and credentials came from; 0 where none did
     */
    record Section(GatewayConfig config, Path audit, ContainerPatterns containers, long vaultGeneration) {}

    private final Path file;
    private final boolean dryRun;
    private final VaultSource source;
    private final PipedCredentials piped;
    private final Identities identities;
    /** Whether keys and credentials are left where they are: for a process that is not the gateway. */
    private final boolean formOnly;

    private final Set<String> pipedNames = new HashSet<>();
    private @Nullable Vault vault;

    private GatewayReader(
            Path file,
            boolean dryRun,
            VaultSource source,
            PipedCredentials piped,
            Identities identities,
            boolean formOnly) {
        this.file = file;
        this.dryRun = dryRun;
        this.source = source;
        this.piped = piped;
        this.identities = identities;
        this.formOnly = formOnly;
    }

    private static GatewayReader of(
            Path file, boolean dryRun, Yaml document, PipedCredentials piped, Identities identities, boolean formOnly)
            throws ConfigurationException {
        Yaml.Mapping top = ConfigurationReader.mapping(document, "the configuration");
        Yaml.Mapping gateway = ConfigurationReader.mapping(ConfigurationReader.require(top, "gateway"), "gateway");
        return new GatewayReader(file, dryRun, VaultSource.read(top, gateway, file), piped, identities, formOnly);
    }

    /**
     * Reads the section of {@code file}.
     *
     * @param piped asked only if a credential comes from stdin
     * @param identities asked only if something comes from the vault
     * @throws CommandException with {@code file:line:column: problem}, or naming the secret file that cannot be used
     */
    static Section read(Path file, boolean dryRun, PipedCredentials piped, Identities identities)
            throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        try {
            Yaml document = Yaml.parse(Loaded.text(absolute));
            return of(absolute, dryRun, document, piped, identities, false).section(document);
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    /**
     * Reads the section without a key or a credential, which may be for another user's eyes alone.
     *
     * @return the names of the routes; none where there is no such section
     * @throws CommandException with {@code file:line:column: problem}
     */
    static List<String> check(Path file) throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        try {
            Yaml document = Yaml.parse(Loaded.text(absolute));
            if (ConfigurationReader.mapping(document, "the configuration")
                    .get("gateway")
                    .isEmpty()) {
                return List.of();
            }
            return of(absolute, false, document, PipedCredentials.none(), new Identities(), true)
                    .section(document)
                    .config()
                    .routes()
                    .stream()
                    .map(Route::name)
                    .toList();
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    /** Whether the file says nothing of a mount, and so is for a gateway alone. */
    static boolean isAlone(Path file) throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        try {
            Yaml.Mapping top = ConfigurationReader.mapping(Yaml.parse(Loaded.text(absolute)), "the configuration");
            return top.get("gateway").isPresent()
                    && List.of("mount", "masters", "tree").stream()
                            .allMatch(key -> top.get(key).isEmpty());
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    /** What the presets of routes stand for, a line for each. */
    static List<String> presets(Path file) throws CommandException {
        List<String> lines = new ArrayList<>();
        Path absolute = file.toAbsolutePath().normalize();
        try {
            Yaml.Mapping top = ConfigurationReader.mapping(Yaml.parse(Loaded.text(absolute)), "the configuration");
            if (top.get("gateway").orElse(null) instanceof Yaml.Mapping gateway
                    && gateway.get("routes").orElse(null) instanceof Yaml.Mapping routes) {
                for (Yaml.Entry route : routes.entries()) {
                    if (route.value() instanceof Yaml.Mapping keys
                            && keys.get("preset").isPresent()) {
                        lines.add("route " + route.key() + ": " + Presets.flow(Presets.route(keys, SOURCES)));
                    }
                }
            }
            return lines;
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    /** What is allowed and doubtful about the section, without reading a key or a credential; none where there is none. */
    static List<String> warnings(Path file) throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        List<String> warnings = new ArrayList<>();
        try {
            Yaml document = Yaml.parse(Loaded.text(absolute));
            if (document instanceof Yaml.Mapping top
                    && top.get("gateway").orElse(null) instanceof Yaml.Mapping gateway) {
                GatewayConfig config = of(absolute, false, document, PipedCredentials.none(), new Identities(), true)
                        .section(document)
                        .config();
                missingDirectories(gateway, config, warnings);
                peersThatNobodySees(gateway, config, warnings);
                tunnelsToUpstreams(gateway, config, warnings);
            }
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
        warnings.replaceAll(warning -> absolute + ":" + warning);
        return warnings;
    }

    /** A gateway makes the directories of its state and its socket, and none above or beside them. */
    private static void missingDirectories(Yaml.Mapping gateway, GatewayConfig config, List<String> warnings) {
        Path state = config.stateDirectory();
        missing(gateway, "state", state, state.getParent(), warnings);
        for (GatewayConfig.Listener listener : config.listeners()) {
            if (listener instanceof GatewayConfig.Listener.Unix unix
                    && unix.path().getParent() != null) {
                missing(gateway, "socket", unix.path(), unix.path().getParent().getParent(), warnings);
            }
        }
        if (config.interception() instanceof Interception.On on
                && gateway.get("intercept").orElse(null) instanceof Yaml.Mapping keys
                && !state.equals(on.certificate().getParent())) {
            missing(keys, "certificate", on.certificate(), on.certificate().getParent(), warnings);
        }
    }

    private static void missing(
            Yaml.Mapping keys, String key, Path made, @Nullable Path directory, List<String> warnings) {
        // What this process may not look into may well be there.
        if (directory != null && Files.notExists(directory)) {
            Position at = keys.get(key).map(Yaml::at).orElse(keys.at());
            warnings.add(at + ": '" + key + "' " + made + ": no directory " + directory
                    + ": make it before the gateway starts");
        }
    }

    /** Who connects by TCP is nobody that a rule could name. */
    private static void peersThatNobodySees(Yaml.Mapping gateway, GatewayConfig config, List<String> warnings) {
        if (config.listeners().stream().anyMatch(GatewayConfig.Listener.Unix.class::isInstance)
                || !(gateway.get("routes").orElse(null) instanceof Yaml.Mapping routes)) {
            return;
        }
        for (int i = 0; i < config.routes().size(); i++) {
            Route route = config.routes().get(i);
            if (route.identity() instanceof Identity.ByPeer) {
                warnings.add(
                        routes.entries().get(i).at() + ": route '" + route.name()
                                + "' refuses everybody: 'identity: peer' sees who connects by 'socket' alone, and there is none");
            }
        }
    }

    private static void tunnelsToUpstreams(Yaml.Mapping gateway, GatewayConfig config, List<String> warnings) {
        if (!(config.interception() instanceof Interception.On on)
                || !(gateway.get("intercept").orElse(null) instanceof Yaml.Mapping keys)
                || keys.get("tunnel").isEmpty()) {
            return;
        }
        Yaml tunnel = keys.get("tunnel").get();
        for (int i = 0; i < on.tunnel().size(); i++) {
            HostPattern host = on.tunnel().get(i);
            Position at =
                    tunnel instanceof Yaml.Sequence list ? list.items().get(i).at() : tunnel.at();
            for (Route route : config.routes()) {
                // A zone has other hosts beside the upstream.
                if (route.intercepted()
                        && !host.subdomains()
                        && host.covers(route.upstream().host(), route.upstream().port())) {
                    warnings.add(at + ": '" + host + "' is intercepted for route '" + route.name()
                            + "' and never tunnelled: leave it out of 'tunnel'");
                }
            }
        }
    }

    /** The directory of the gateway's state, without reading a key or a credential. */
    static Path stateDirectory(Path file) throws CommandException {
        Path absolute = file.toAbsolutePath().normalize();
        try {
            Yaml document = Yaml.parse(Loaded.text(absolute));
            Yaml.Mapping top = ConfigurationReader.mapping(document, "the configuration");
            Yaml.Mapping gateway = ConfigurationReader.mapping(ConfigurationReader.require(top, "gateway"), "gateway");
            return of(absolute, false, document, PipedCredentials.none(), new Identities(), true)
                    .path(gateway, "state", DEFAULT_STATE);
        } catch (ConfigurationException e) {
            throw new CommandException(Failure.CONFIGURATION_INVALID, absolute + ":" + e.getMessage());
        }
    }

    private Section section(Yaml document) throws ConfigurationException, CommandException {
        Yaml.Mapping top = ConfigurationReader.mapping(document, "the configuration");
        Yaml.Scalar audienceText = ConfigurationReader.scalar(ConfigurationReader.require(top, "audience"), "audience");
        Yaml.Mapping gateway = ConfigurationReader.mapping(ConfigurationReader.require(top, "gateway"), "gateway");
        ConfigurationReader.onlyKeys(gateway, KEYS);
        Audience audience;
        try {
            audience = Audience.parseValue(audienceText.text());
        } catch (CaveatSyntaxException e) {
            throw new ConfigurationException(audienceText.at(), e.problem());
        }
        List<GatewayConfig.Listener> listeners = listeners(gateway);
        Map<KeyId, RootKey> keys = keys(ConfigurationReader.require(gateway, "keys"));
        List<Route> routes = new ArrayList<>();
        Path state = path(gateway, "state", DEFAULT_STATE);
        Interception interception = interception(gateway, state);
        for (Yaml.Entry entry : ConfigurationReader.mapping(ConfigurationReader.require(gateway, "routes"), "routes")
                .entries()) {
            Route route = route(entry);
            requireOwnUpstream(entry, route, routes, interception);
            routes.add(route);
        }
        if (!formOnly) {
            piped.requireNoOther(pipedNames);
        }
        try {
            GatewayConfig config = new GatewayConfig(
                    audience,
                    listeners,
                    tcp(gateway, "metrics", "whoever reaches it could read it"),
                    keys,
                    routes,
                    interception,
                    state,
                    Limits.DEFAULT,
                    dryRun);
            Optional<Yaml> containers = top.get("containers");
            return new Section(
                    config,
                    path(gateway, "audit", DEFAULT_AUDIT),
                    containers.isPresent()
                            ? ConfigurationReader.containers(containers.get())
                            : ContainerPatterns.known(),
                    vault == null ? 0 : vault.generation());
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(gateway.at(), String.valueOf(e.getMessage()));
        }
    }

    private Interception interception(Yaml.Mapping gateway, Path state) throws ConfigurationException {
        Optional<Yaml> section = gateway.get("intercept");
        if (section.isEmpty()) {
            return new Interception.Off();
        }
        Yaml.Mapping keys = intercept(section.get());
        ConfigurationReader.onlyKeys(keys, INTERCEPT_KEYS);
        Optional<Yaml> certificate = keys.get("certificate");
        Optional<Yaml> privateNetwork = keys.get("private");
        Optional<Yaml> tunnel = keys.get("tunnel");
        boolean any = tunnel.isPresent()
                && tunnel.get() instanceof Yaml.Scalar text
                && text.text().equals("any");
        if (tunnel.orElse(null) instanceof Yaml.Sequence list && list.items().isEmpty()) {
            throw new ConfigurationException(
                    list.at(), "an empty list for 'tunnel': leave the key out to allow no tunnel");
        }
        return new Interception.On(
                certificate.isPresent()
                        ? resolve(ConfigurationReader.scalar(certificate.get(), "certificate"))
                        : GatewayConfig.certificate(state),
                any || tunnel.isEmpty() ? List.of() : ConfigurationReader.hosts(tunnel.get(), "tunnel"),
                any,
                privateNetwork.isPresent() && ConfigurationReader.bool(privateNetwork.get(), "private"));
    }

    /** The value of {@code intercept}, whoever needs to know what is in it. */
    static Yaml.Mapping intercept(Yaml value) throws ConfigurationException {
        if (value instanceof Yaml.Mapping keys) {
            return keys;
        }
        throw new ConfigurationException(
                value.at(),
                "expected keys and values for intercept: '{}' is enough, and without 'intercept' nothing is intercepted");
    }

    private static void requireOwnUpstream(Yaml.Entry at, Route route, List<Route> before, Interception interception)
            throws ConfigurationException {
        for (Route other : before) {
            if (interception instanceof Interception.On && route.isInTheWayOf(other)) {
                throw new ConfigurationException(
                        at.at(),
                        "route '" + other.name()
                                + "' has the same upstream, so nobody could tell whose a request for it"
                                + " is: say 'intercept: false' in one of them");
            }
        }
    }

    private List<GatewayConfig.Listener> listeners(Yaml.Mapping gateway) throws ConfigurationException {
        List<GatewayConfig.Listener> listeners = new ArrayList<>();
        if (gateway.get("socket").isPresent()) {
            listeners.add(new GatewayConfig.Listener.Unix(path(gateway, "socket", "")));
        }
        listeners.addAll(tcp(gateway, "listen", "tokens would cross the network in the clear"));
        return listeners;
    }

    /**
     * Reads an address under {@code key}, which is a loopback one, and any under {@code unsafe-key}.
     *
     * @param danger of another one
     */
    private static List<GatewayConfig.Listener.Tcp> tcp(Yaml.Mapping gateway, String key, String danger)
            throws ConfigurationException {
        List<GatewayConfig.Listener.Tcp> listeners = new ArrayList<>();
        for (String prefix : List.of("", "unsafe-")) {
            Optional<Yaml> value = gateway.get(prefix + key);
            if (value.isPresent()) {
                Yaml.Scalar text = ConfigurationReader.scalar(value.get(), prefix + key);
                try {
                    listeners.add(new GatewayConfig.Listener.Tcp(address(text), !prefix.isEmpty()));
                } catch (IllegalArgumentException e) {
                    throw new ConfigurationException(
                            text.at(),
                            key + ": " + e.getMessage() + ": " + danger + "; say 'unsafe-" + key
                                    + "' if that is meant");
                }
            }
        }
        return listeners;
    }

    private static InetSocketAddress address(Yaml.Scalar text) throws ConfigurationException {
        Matcher matcher = LISTEN.matcher(text.text());
        if (!matcher.matches()) {
            throw new ConfigurationException(text.at(), "expected an address and a port such as 127.0.0.1:8181");
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(matcher.group(1)), Integer.parseInt(matcher.group(2)));
        } catch (UnknownHostException | IllegalArgumentException e) {
            throw new ConfigurationException(text.at(), "no such address or port: '" + text.text() + "'");
        }
    }

    private Map<KeyId, RootKey> keys(Yaml yaml) throws ConfigurationException, CommandException {
        Map<KeyId, RootKey> keys = new LinkedHashMap<>();
        for (Yaml.Entry entry : ConfigurationReader.mapping(yaml, "keys").entries()) {
            try {
                if (entry.value() instanceof Yaml.Mapping source) {
                    ConfigurationReader.onlyKeys(source, List.of("vault"));
                    keysOfVault(entry, text(source, "vault"), keys);
                } else {
                    KeyId id = new KeyId(entry.key());
                    Path keyFile = resolve(ConfigurationReader.scalar(entry.value(), entry.key()));
                    if (!formOnly) {
                        keys.put(id, Inputs.rootKey(keyFile));
                    }
                }
            } catch (IllegalArgumentException e) {
                throw new ConfigurationException(entry.at(), String.valueOf(e.getMessage()));
            }
        }
        return keys;
    }

    /** Every version that is good, so that what stands on the one before works until it is retired. */
    private void keysOfVault(Yaml.Entry at, String name, Map<KeyId, RootKey> keys)
            throws ConfigurationException, CommandException {
        if (!at.key().equals(name)) {
            throw new ConfigurationException(
                    at.at(),
                    "macaroons of root-key/" + name + " name it '" + name + "': write '" + name + ": { vault: " + name
                            + " }'");
        }
        if (formOnly) {
            return;
        }
        for (Entry.Live version :
                ofVault(dev.credfs.vault.Section.ROOT_KEYS, name).live()) {
            keys.put(VaultChange.keyId(name, version.number()), Reference.rootKey(version));
        }
    }

    private Entry ofVault(dev.credfs.vault.Section section, String name) throws CommandException {
        try {
            Vault open = vault;
            if (open == null) {
                open = source.open(identities);
                vault = open;
            }
            return new Reference(section, name).in(open);
        } catch (VaultException e) {
            throw IdentitySource.failed(e);
        }
    }

    private Route route(Yaml.Entry entry) throws ConfigurationException, CommandException {
        Yaml.Mapping written = ConfigurationReader.mapping(entry.value(), "a route");
        ConfigurationReader.onlyKeys(written, ROUTE_KEYS);
        Optional<Yaml> serve = written.get("serve");
        if (serve.isPresent()) {
            return ofTheGateway(entry, written, serve.get());
        }
        Yaml.Mapping keys = Presets.route(written, SOURCES);
        Optional<Yaml> privateNetwork = keys.get("private");
        Yaml.Scalar url = ConfigurationReader.scalar(ConfigurationReader.require(keys, "upstream"), "upstream");
        Upstream upstream;
        try {
            upstream = Upstream.parse(
                            url.text(),
                            privateNetwork.isPresent() && ConfigurationReader.bool(privateNetwork.get(), "private"),
                            authorities(keys))
                    .speaking(protocol(keys));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(url.at(), String.valueOf(e.getMessage()));
        }
        Yaml.Mapping credential =
                ConfigurationReader.mapping(ConfigurationReader.require(keys, "credential"), "credential");
        ConfigurationReader.onlyKeys(credential, List.copyOf(CREDENTIAL_KEYS.keySet()));
        if (credential.entries().size() != 1) {
            throw new ConfigurationException(credential.at(), "a credential is one of " + String.join(", ", KINDS));
        }
        Yaml.Entry kind = credential.entries().get(0);
        Yaml.Mapping where = ConfigurationReader.mapping(kind.value(), kind.key());
        ConfigurationReader.onlyKeys(where, CREDENTIAL_KEYS.getOrDefault(kind.key(), List.of()));
        Credential made;
        try {
            made = credential(kind.key(), where);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(kind.at(), String.valueOf(e.getMessage()));
        }
        try {
            Optional<Yaml> webSocket = keys.get("websocket");
            Optional<Yaml> intercepted = keys.get("intercept");
            return new Route(
                    entry.key(),
                    upstream,
                    made,
                    identity(keys),
                    webSocket.isPresent() && ConfigurationReader.bool(webSocket.get(), "websocket"),
                    intercepted.isEmpty() || ConfigurationReader.bool(intercepted.get(), "intercept"));
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(entry.at(), String.valueOf(e.getMessage()));
        }
    }

    /** A route that the gateway answers itself. */
    private Route ofTheGateway(Yaml.Entry entry, Yaml.Mapping keys, Yaml serve) throws ConfigurationException {
        ConfigurationReader.onlyKeys(keys, List.of("serve", "token-header", "identity", "allow"));
        Yaml.Scalar what = ConfigurationReader.scalar(serve, "serve");
        if (!what.text().equals(AWS_CONTAINER)) {
            throw new ConfigurationException(what.at(), "'serve' is " + AWS_CONTAINER + ", not '" + what.text() + "'");
        }
        try {
            return new Route(
                    entry.key(),
                    Upstream.parse("http://gateway", false, List.of()),
                    new Credential.Placeholder(),
                    identity(keys),
                    false,
                    false);
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(entry.at(), String.valueOf(e.getMessage()));
        }
    }

    private Credential credential(String kind, Yaml.Mapping where) throws ConfigurationException, CommandException {
        switch (kind) {
            case "aws" -> {
                String region = optional(where, "region");
                String service = optional(where, "service");
                return formOnly
                        ? new Credential.Aws("UNREAD", secret(where), Optional.empty(), region, service)
                        : Credential.Aws.parse(secret(where), region, service);
            }
            case "oauth2" -> {
                return oauth2(where);
            }
            case "github-app" -> {
                SecretBytes key = secret(where);
                if (!formOnly) {
                    Credential.GithubApp.requireKey(key);
                }
                String api = optional(where, "api");
                return new Credential.GithubApp(
                        placementOfToken(where),
                        tokenServer(where, api.isEmpty() ? GITHUB : api),
                        text(where, "app-id"),
                        text(where, "installation-id"),
                        key);
            }
            default -> {
                return new Credential.Fixed(placement(kind, where), secret(where));
            }
        }
    }

    private Credential oauth2(Yaml.Mapping where) throws ConfigurationException, CommandException {
        Optional<Yaml> ofClient = where.get("client-secret");
        Optional<SecretBytes> clientSecret = Optional.empty();
        if (ofClient.isPresent()) {
            Yaml.Mapping source = ConfigurationReader.mapping(ofClient.get(), "client-secret");
            ConfigurationReader.onlyKeys(source, SOURCES);
            clientSecret = Optional.of(secret(source));
        }
        return new Credential.OAuth2(
                placementOfToken(where),
                tokenServer(where, text(where, "token-url")),
                text(where, "client-id"),
                oneOf(where, "grant", "client-credentials", "refresh-token").equals("refresh-token")
                        ? Credential.OAuth2.Grant.REFRESH_TOKEN
                        : Credential.OAuth2.Grant.CLIENT_CREDENTIALS,
                secret(where),
                clientSecret,
                optional(where, "scope"),
                optional(where, "audience"),
                where.get("client-auth").isPresent()
                        && oneOf(where, "client-auth", "basic", "body").equals("body"));
    }

    private static String oneOf(Yaml.Mapping where, String key, String first, String second)
            throws ConfigurationException {
        Yaml.Scalar word = ConfigurationReader.scalar(ConfigurationReader.require(where, key), key);
        if (!word.text().equals(first) && !word.text().equals(second)) {
            throw new ConfigurationException(
                    word.at(), "'" + key + "' is " + first + " or " + second + ", not '" + word.text() + "'");
        }
        return word.text();
    }

    /** A token that was fetched is a bearer token, or the password of a login. */
    private static Placement placementOfToken(Yaml.Mapping where) throws ConfigurationException {
        String login = optional(where, "login");
        return login.isEmpty() ? new Placement.Bearer() : new Placement.Basic(login);
    }

    private Upstream tokenServer(Yaml.Mapping where, String url) throws ConfigurationException {
        Optional<Yaml> privateNetwork = where.get("private");
        return Upstream.parse(
                url,
                privateNetwork.isPresent() && ConfigurationReader.bool(privateNetwork.get(), "private"),
                authorities(where));
    }

    /** The text of {@code key}; empty where it is not there. */
    private static String optional(Yaml.Mapping mapping, String key) throws ConfigurationException {
        Optional<Yaml> value = mapping.get(key);
        return value.isEmpty()
                ? ""
                : ConfigurationReader.scalar(value.get(), key).text();
    }

    private static Placement placement(String kind, Yaml.Mapping where) throws ConfigurationException {
        switch (kind) {
            case "header" -> {
                Optional<Yaml> prefix = where.get("prefix");
                String word = prefix.isEmpty()
                        ? ""
                        : ConfigurationReader.scalar(prefix.get(), "prefix").text() + " ";
                return new Placement.Header(text(where, "name"), word);
            }
            case "basic" -> {
                return new Placement.Basic(text(where, "login"));
            }
            case "query" -> {
                return new Placement.Query(text(where, "name"));
            }
            default -> {
                return new Placement.Bearer();
            }
        }
    }

    private SecretBytes secret(Yaml.Mapping where) throws ConfigurationException, CommandException {
        List<String> sources = new ArrayList<>(SOURCES);
        sources.removeIf(key -> where.get(key).isEmpty());
        if (sources.size() != 1) {
            throw new ConfigurationException(
                    where.at(), "the value of a credential comes from one of " + String.join(", ", SOURCES));
        }
        if (formOnly) {
            text(where, sources.get(0));
            return SecretBytes.copyOf(UNREAD);
        }
        return switch (sources.get(0)) {
            case "stdin" -> {
                String name = text(where, "stdin");
                pipedNames.add(name);
                yield piped.take(name);
            }
            case "vault" -> {
                String name = text(where, "vault");
                yield ofVault(dev.credfs.vault.Section.CREDENTIALS, name)
                        .newest()
                        .orElseThrow(() -> new CommandException(
                                Failure.MASTER_UNAVAILABLE, "every version of credential/" + name + " is retired"))
                        .value();
            }
            default -> fromFile(where);
        };
    }

    private SecretBytes fromFile(Yaml.Mapping where) throws ConfigurationException, CommandException {
        Path secretFile = resolve(ConfigurationReader.scalar(ConfigurationReader.require(where, "file"), "file"));
        byte[] content = SecretFile.read(secretFile, "credential");
        // Editors and echo end a file with a newline; every other line end in a credential is refused.
        int length = content[content.length - 1] == '\n' ? content.length - 1 : content.length;
        byte[] line = Arrays.copyOf(content, length);
        try {
            return SecretBytes.copyOf(line);
        } finally {
            Arrays.fill(line, (byte) 0);
            Arrays.fill(content, (byte) 0);
        }
    }

    private List<X509Certificate> authorities(Yaml.Mapping keys) throws ConfigurationException {
        Optional<Yaml> ca = keys.get("ca");
        if (ca.isEmpty()) {
            return List.of();
        }
        Yaml.Scalar text = ConfigurationReader.scalar(ca.get(), "ca");
        Path pem = resolve(text);
        List<X509Certificate> certificates = new ArrayList<>();
        try {
            byte[] content = Files.readAllBytes(pem);
            for (var certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(content))) {
                certificates.add((X509Certificate) certificate);
            }
        } catch (IOException e) {
            throw new ConfigurationException(text.at(), "ca " + pem + ": " + Problems.of(e));
        } catch (CertificateException e) {
            throw new ConfigurationException(text.at(), "ca " + pem + ": not certificates in PEM");
        }
        if (certificates.isEmpty()) {
            throw new ConfigurationException(text.at(), "ca " + pem + ": holds no certificate");
        }
        return certificates;
    }

    private static Protocol protocol(Yaml.Mapping keys) throws ConfigurationException {
        Optional<Yaml> value = keys.get("protocol");
        if (value.isEmpty()) {
            return Protocol.HTTP;
        }
        Yaml.Scalar text = ConfigurationReader.scalar(value.get(), "protocol");
        List<String> known = new ArrayList<>();
        for (Protocol protocol : Protocol.values()) {
            if (protocol.key().equals(text.text())) {
                return protocol;
            }
            known.add(protocol.key());
        }
        throw new ConfigurationException(
                text.at(), "no protocol '" + text.text() + "'" + Suggestion.among(known, text.text()));
    }

    private Identity identity(Yaml.Mapping keys) throws ConfigurationException {
        Optional<Yaml> identity = keys.get("identity");
        boolean byPeer = false;
        if (identity.isPresent()) {
            Yaml.Scalar text = ConfigurationReader.scalar(identity.get(), "identity");
            byPeer = text.text().equals(PEER);
            if (!byPeer && !text.text().equals("token")) {
                throw new ConfigurationException(
                        text.at(), "'identity' is 'token' or 'peer', not '" + text.text() + "'");
            }
        }
        for (Yaml.Entry entry : keys.entries()) {
            if ((byPeer ? TOKEN_KEYS : PEER_KEYS).contains(entry.key())) {
                throw new ConfigurationException(
                        entry.at(), "'" + entry.key() + "' goes with 'identity: " + (byPeer ? "token'" : "peer'"));
            }
        }
        return byPeer ? peers(keys) : new Identity.ByToken(tokenHeaders(keys), anonymous(keys));
    }

    private static Identity peers(Yaml.Mapping keys) throws ConfigurationException {
        Map<String, Yaml> limits = new LinkedHashMap<>();
        for (String key : List.of("method", "path")) {
            keys.get(key).ifPresent(value -> limits.put(key, value));
        }
        return new Identity.ByPeer(
                ConfigurationReader.peers(ConfigurationReader.require(keys, "allow"), Loaded::program),
                ConfigurationReader.requestCaveats(limits, keys.at()));
    }

    private static List<String> tokenHeaders(Yaml.Mapping keys) throws ConfigurationException {
        Optional<Yaml> header = keys.get("token-header");
        if (header.isEmpty()) {
            return List.of();
        }
        Yaml.Scalar name = ConfigurationReader.scalar(header.get(), "token-header");
        try {
            Identity.ByToken.requireHeader(name.text());
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(name.at(), String.valueOf(e.getMessage()));
        }
        return List.of(name.text());
    }

    private static List<List<Caveat>> anonymous(Yaml.Mapping keys) throws ConfigurationException {
        List<List<Caveat>> lists = new ArrayList<>();
        Optional<Yaml> anonymous = keys.get("anonymous");
        if (anonymous.isEmpty()) {
            return lists;
        }
        Yaml.Mapping list = ConfigurationReader.mapping(anonymous.get(), "anonymous");
        ConfigurationReader.onlyKeys(list, ANONYMOUS_KEYS);
        Map<String, Yaml> entries = new LinkedHashMap<>();
        for (String key : ANONYMOUS_KEYS) {
            entries.put(key, ConfigurationReader.require(list, key));
        }
        lists.add(ConfigurationReader.requestCaveats(entries, list.at()));
        return lists;
    }

    private static String text(Yaml.Mapping mapping, String key) throws ConfigurationException {
        return ConfigurationReader.scalar(ConfigurationReader.require(mapping, key), key)
                .text();
    }

    private Path path(Yaml.Mapping mapping, String key, String otherwise) throws ConfigurationException {
        Optional<Yaml> value = mapping.get(key);
        return value.isEmpty()
                ? file.resolveSibling(otherwise).toAbsolutePath().normalize()
                : resolve(ConfigurationReader.scalar(value.get(), key));
    }

    private Path resolve(Yaml.Scalar text) throws ConfigurationException {
        if (text.text().isEmpty() || text.text().indexOf('\0') >= 0) {
            throw new ConfigurationException(text.at(), "expected a path");
        }
        return file.resolveSibling(text.text()).toAbsolutePath().normalize();
    }
}
