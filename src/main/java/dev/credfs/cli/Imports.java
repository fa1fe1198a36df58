package dev.credfs.cli;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.vault.Section;
import dev.credfs.vault.VaultException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The places where programs leave credentials, read for what is secret in them. Unlike what comes from a prompt these values
 * pass through {@code String}s: their files were plaintext on a disk, and the process ends after the import.
 */
enum Imports {
    ENV("env", "(?:.*\\.)?env(?:\\..*)?"),
    NPMRC("npmrc", "\\.?npmrc"),
    NETRC("netrc", "[._]?netrc"),
    AWS("aws", "credentials"),
    GH("gh", "hosts\\.yml"),
    /** Any YAML or JSON, such as sops encrypts: every text in it that could be a credential. */
    TREE("yaml", ".*\\.(?:ya?ml|json)");

    private static final Pattern ASSIGNMENT = Pattern.compile("\\s*(?:export\\s+)?([^=\\s\\[#;]+)\\s*=\\s*(.*?)\\s*");
    private static final Pattern SECTION = Pattern.compile("\\s*\\[\\s*(?:profile\\s+)?([^\\]]+?)\\s*\\]\\s*");
    private static final Pattern NPM_SECRET = Pattern.compile("(?://(.*?)/?:)?_(authToken|auth|password)");
    private static final int MAX_NAME = 64;

    private final String word;
    private final Pattern fileName;

    Imports(String word, String fileName) {
        this.word = word;
        this.fileName = Pattern.compile(fileName);
    }

    /**
     * A secret that was found.
     *
     * @param name what it will be called
     * @param note where it stood
     */
    record Found(String name, SecretBytes value, String note) {}

    /** The format of that name. */
    static Imports named(String word) throws CommandException {
        for (Imports format : values()) {
            if (format.word.equals(word)) {
                return format;
            }
        }
        throw new CommandException(
                Failure.USAGE, "--format: no format '" + word + "'; known are env, npmrc, netrc, aws, gh, yaml");
    }

    /** The format that files of such a name have. */
    static Imports of(Path file) throws CommandException {
        String name =
                String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).replaceFirst("\\.age$", "");
        for (Imports format : values()) {
            if (format.fileName.matcher(name).matches()) {
                return format;
            }
        }
        throw new CommandException(Failure.USAGE, file + ": its name does not tell its format: add --format");
    }

    /**
     * What is secret in a file.
     *
     * @param content UTF-8
     * @param recipient asked only if sops encrypted it
     */
    List<Found> find(byte[] content, Sops.Recipient recipient) throws CommandException, VaultException {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(content))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new CommandException(Failure.USAGE, "the file is not UTF-8");
        }
        Collector found = new Collector();
        if (Sops.isEncrypted(text)) {
            findEncrypted(text, recipient, found);
        } else {
            find(text, found);
        }
        return found.all;
    }

    private void findEncrypted(String text, Sops.Recipient recipient, Collector found)
            throws CommandException, VaultException {
        boolean flat = this == ENV && !text.startsWith("{");
        Yaml.Mapping opened = Sops.open(flat ? Sops.dotenv(text) : yaml(text), recipient);
        switch (this) {
            case GH -> gh(opened, found);
            case TREE -> tree("", opened, found);
            default -> {
                if (flat) {
                    tree("", opened, found);
                } else if (opened.get("data").orElse(null) instanceof Yaml.Scalar whole) {
                    // What sops has no format for it encrypts as one value.
                    find(whole.text(), found);
                }
            }
        }
    }

    private void find(String text, Collector found) throws CommandException {
        switch (this) {
            case ENV -> assignments(text, (key, value) -> found.add(key, value, "from an env file"));
            case NPMRC -> assignments(text, (key, value) -> npm(key, value, found));
            case NETRC -> netrc(text, found);
            case AWS -> aws(text, found);
            case GH -> gh(yaml(text), found);
            default -> tree("", yaml(text), found);
        }
    }

    /** Finds are credentials by form, each of a name of its own. */
    private static final class Collector {
        private final List<Found> all = new ArrayList<>();

        void add(String wished, String value, String note) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            try (SecretBytes given = SecretBytes.copyOf(bytes)) {
                String clean = wished.replaceAll("[^A-Za-z0-9._-]+", ".").replaceAll("^\\.+|\\.+$", "");
                String name = clean.substring(0, Math.min(MAX_NAME, clean.length()));
                if (!name.isEmpty()
                        && all.stream().noneMatch(found -> found.name().equals(name))) {
                    all.add(new Found(name, SecretValue.checked(Section.CREDENTIALS, given), note));
                }
            } catch (CommandException e) {
                // Not a credential: too short, or with blanks.
            } finally {
                Arrays.fill(bytes, (byte) 0);
            }
        }
    }

    private interface Assignment {
        void take(String key, String value);
    }

    private static void assignments(String text, Assignment assignment) {
        for (String line : text.lines().toList()) {
            Matcher matcher = ASSIGNMENT.matcher(line);
            if (matcher.matches()) {
                assignment.take(matcher.group(1), unquoted(matcher.group(2)));
            }
        }
    }

    private static String unquoted(String value) {
        if (value.length() > 1 && (value.charAt(0) == '"' || value.charAt(0) == '\'')) {
            int end = value.indexOf(value.charAt(0), 1);
            return end < 0 ? value : value.substring(1, end);
        }
        int comment = value.indexOf(" #");
        return comment < 0 ? value : value.substring(0, comment).strip();
    }

    private static void npm(String key, String value, Collector found) {
        Matcher matcher = NPM_SECRET.matcher(key);
        // ${NPM_TOKEN} is a reference, not a secret
        if (matcher.matches() && !value.startsWith("${")) {
            String registry = matcher.group(1) == null ? "default" : matcher.group(1);
            found.add("npm." + registry, value, matcher.group(2) + " of npm's registry " + registry);
        }
    }

    private static void netrc(String text, Collector found) {
        String machine = "";
        String login = "";
        String[] words = text.replaceAll("(?m)^\\s*#.*$", "").strip().split("\\s+", -1);
        for (int i = 0; i < words.length; i++) {
            String next = i + 1 < words.length ? words[i + 1] : "";
            switch (words[i]) {
                case "machine" -> {
                    machine = next;
                    login = "";
                    i++;
                }
                case "default" -> machine = "default";
                case "login" -> {
                    login = next;
                    i++;
                }
                case "password" -> {
                    int before = found.all.size();
                    found.add("netrc." + machine, next, "password of " + login + " at " + machine);
                    if (found.all.size() == before) {
                        found.add("netrc." + machine + "." + login, next, "password of " + login + " at " + machine);
                    }
                    i++;
                }
                default -> {
                    // account and macdef say nothing that is secret
                }
            }
        }
    }

    private static void aws(String text, Collector found) {
        String profile = "default";
        String accessKey = "";
        for (String line : text.lines().toList()) {
            Matcher section = SECTION.matcher(line);
            Matcher matcher = ASSIGNMENT.matcher(line);
            if (section.matches()) {
                profile = section.group(1);
                accessKey = "";
            } else if (matcher.matches()) {
                String key = matcher.group(1).toLowerCase(Locale.ROOT);
                if (key.equals("aws_access_key_id")) {
                    accessKey = matcher.group(2);
                } else if (key.equals("aws_secret_access_key") || key.equals("aws_session_token")) {
                    found.add(
                            "aws." + profile + (key.endsWith("key") ? "" : ".session"),
                            matcher.group(2),
                            key + " of profile " + profile + (accessKey.isEmpty() ? "" : ", access key " + accessKey));
                }
            }
        }
    }

    private static Yaml yaml(String text) throws CommandException {
        try {
            return Yaml.parse(text);
        } catch (ConfigurationException e) {
            // The message may quote the file.
            throw new CommandException(Failure.USAGE, "the file is not YAML or JSON that credfs reads");
        }
    }

    private static void gh(Yaml hosts, Collector found) throws CommandException {
        if (hosts instanceof Yaml.Mapping mapping) {
            for (Yaml.Entry host : mapping.entries()) {
                if (host.value() instanceof Yaml.Mapping keys) {
                    token(host.key(), keys, found);
                    Optional<Yaml> users = keys.get("users");
                    if (users.isPresent() && users.get() instanceof Yaml.Mapping all) {
                        for (Yaml.Entry user : all.entries()) {
                            if (user.value() instanceof Yaml.Mapping ofUser) {
                                token(host.key() + "." + user.key(), ofUser, found);
                            }
                        }
                    }
                }
            }
        }
        if (found.all.isEmpty()) {
            throw new CommandException(
                    Failure.NO_SUCH_PATH,
                    "no token in it: gh keeps it in the desktop's keyring: run 'gh auth token | credfs vault add"
                            + " credential/gh …'");
        }
    }

    private static void token(String name, Yaml.Mapping keys, Collector found) {
        if (keys.get("oauth_token").orElse(null) instanceof Yaml.Scalar token) {
            found.add("gh." + name, token.text(), "token of gh for " + name);
        }
    }

    private static void tree(String path, Yaml yaml, Collector found) {
        if (yaml instanceof Yaml.Mapping mapping) {
            for (Yaml.Entry entry : mapping.entries()) {
                tree(path.isEmpty() ? entry.key() : path + "." + entry.key(), entry.value(), found);
            }
        } else if (yaml instanceof Yaml.Sequence sequence) {
            for (int i = 0; i < sequence.items().size(); i++) {
                tree(path + "." + i, sequence.items().get(i), found);
            }
        } else if (yaml instanceof Yaml.Scalar scalar) {
            found.add(path, scalar.text(), "from a document");
        }
    }
}
