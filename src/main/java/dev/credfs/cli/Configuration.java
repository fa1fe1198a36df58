package dev.credfs.cli;

import dev.credfs.caveat.Caveat;
import dev.credfs.mint.Directory;
import dev.credfs.mint.Master;
import dev.credfs.mint.Node;
import dev.credfs.mint.Pace;
import dev.credfs.mint.Template;
import dev.credfs.mint.TokenFile;
import dev.credfs.policy.Policy;
import dev.credfs.procfs.ContainerPatterns;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a configuration file says, checked as far as its text alone allows.
 *
 * @param file where it was read
 * @param mount the mountpoint, absolute
 * @param allowOther whether other users than the daemon's may enter the mount
 * @param audit the audit log, absolute
 * @param containers where in the cgroup tree containers live
 * @param vault where masters are that are in no file of their own
 * @param masters where each master is kept, absolute, by name
 * @param tree what the mount holds
 */
record Configuration(
        Path file,
        Path mount,
        boolean allowOther,
        Path audit,
        ContainerPatterns containers,
        VaultSource vault,
        SortedMap<String, MasterSource> masters,
        Folder tree) {

    /** Where a master is kept. */
    sealed interface MasterSource {
        Position at();

        /** A file of its own. */
        record InFile(Path file, Position at) implements MasterSource {}

        /** An entry of the vault. */
        record InVault(String entry, Position at) implements MasterSource {}
    }

    /** What a name of the tree stands for. */
    sealed interface Entry permits Folder, FileDefinition, Trust {}

    /** A directory. */
    record Folder(SortedMap<String, Entry> entries) implements Entry {}

    /**
     * A token file, its master still a name.
     *
     * @param at where the file is defined
     * @param path from the root of the mount
     * @param preset as it is named; empty where none is
     * @param caveats audience, host, method, path
     * @param wakesWatchers whether watchers are woken at each refresh window
     * @param client how its reader behaves
     */
    record FileDefinition(
            Position at,
            String path,
            String preset,
            String master,
            Duration ttl,
            List<Caveat> caveats,
            Policy policy,
            Template template,
            Pace pace,
            boolean wakesWatchers,
            ClientClass client)
            implements Entry {}

    /**
     * A directory of what programs need to trust a gateway.
     *
     * @param path from the root of the mount
     * @param seenAt where its readers have it, absolute
     * @param certificate that the gateway writes
     */
    record Trust(String path, String seenAt, Proxy proxy, Path certificate) implements Entry {}

    /** Where programs find their way to the gateway. */
    record Proxy(String host, int port) {
        String url() {
            return "http://" + host + ":" + port;
        }
    }

    /** All token files, in the order of their paths. */
    List<FileDefinition> files() {
        List<FileDefinition> files = new ArrayList<>();
        collect(tree, files);
        return files;
    }

    /** The first key whose value only a new mount can take up, or nothing. */
    String needsRestartFor(Configuration next) {
        if (!mount.equals(next.mount)) {
            return "mount";
        }
        if (!audit.equals(next.audit)) {
            return "audit";
        }
        if (allowOther != next.allowOther) {
            return "allow-other";
        }
        if (!containers.equals(next.containers)) {
            return "containers";
        }
        return refreshWindows().equals(next.refreshWindows()) ? "" : "notify";
    }

    /** How often the watchers of each file that has any are woken, by its path. */
    Map<String, Duration> refreshWindows() {
        Map<String, Duration> windows = new TreeMap<>();
        for (FileDefinition file : files()) {
            if (file.wakesWatchers()) {
                windows.put(file.path(), TokenFile.refreshWindow(file.ttl(), file.policy()));
            }
        }
        return windows;
    }

    private static void collect(Folder folder, List<FileDefinition> files) {
        for (Entry entry : folder.entries().values()) {
            if (entry instanceof FileDefinition file) {
                files.add(file);
            } else if (entry instanceof Folder inner) {
                collect(inner, files);
            }
        }
    }

    /**
     * The tree with its masters in place.
     *
     * @param available every master of {@link #masters()}, read or with the reason why not
     * @param trust gets what makes the files of each {@link Trust}
     * @throws ConfigurationException if a file's tokens would not fit into a macaroon
     */
    Directory tree(Map<String, Master> available, List<TrustFiles> trust) throws ConfigurationException {
        return directory(tree, available, trust);
    }

    private static Directory directory(Folder folder, Map<String, Master> available, List<TrustFiles> trust)
            throws ConfigurationException {
        SortedMap<String, Node> children = new TreeMap<>();
        for (Map.Entry<String, Entry> entry : folder.entries().entrySet()) {
            if (entry.getValue() instanceof Folder inner) {
                children.put(entry.getKey(), directory(inner, available, trust));
            } else if (entry.getValue() instanceof FileDefinition file) {
                children.put(entry.getKey(), tokenFile(file, available));
            } else if (entry.getValue() instanceof Trust definition) {
                TrustFiles files = new TrustFiles(definition);
                trust.add(files);
                children.put(entry.getKey(), files.directory());
            }
        }
        return new Directory(children);
    }

    private static TokenFile tokenFile(FileDefinition file, Map<String, Master> available)
            throws ConfigurationException {
        Master master = available.get(file.master());
        if (master == null) {
            throw new IllegalStateException("master '" + file.master() + "' was checked to be there");
        }
        try {
            return new TokenFile(
                    file.path(), master, file.ttl(), file.caveats(), file.policy(), file.template(), file.pace());
        } catch (IllegalArgumentException e) {
            throw new ConfigurationException(file.at(), String.valueOf(e.getMessage()));
        }
    }
}
