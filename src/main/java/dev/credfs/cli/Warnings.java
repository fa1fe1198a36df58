package dev.credfs.cli;

import dev.credfs.caveat.Caveat;
import dev.credfs.caveat.HostCaveat;
import dev.credfs.caveat.HostPattern;
import dev.credfs.caveat.MethodCaveat;
import dev.credfs.caveat.PathCaveat;
import dev.credfs.caveat.PathGlob;
import dev.credfs.macaroon.MasterMacaroon;
import dev.credfs.mint.Master;
import dev.credfs.policy.Condition;
import dev.credfs.policy.Rule;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiPredicate;
import java.util.function.Function;

/** What is allowed and doubtful about a configuration. */
final class Warnings {
    private static final Duration LONG_TTL = Duration.ofHours(1);
    /** RFC 9110, 5789 and 4918, and what caches use. */
    private static final Set<String> METHODS = new TreeSet<>(List.of(
            "GET",
            "HEAD",
            "POST",
            "PUT",
            "PATCH",
            "DELETE",
            "OPTIONS",
            "TRACE",
            "CONNECT",
            "PROPFIND",
            "PROPPATCH",
            "MKCOL",
            "COPY",
            "MOVE",
            "LOCK",
            "UNLOCK",
            "REPORT",
            "SEARCH",
            "PURGE",
            "QUERY"));

    private static final List<String> GIT_METHODS = List.of("GET", "POST");
    private static final Duration LONG_MASTER = Duration.ofDays(90);

    private Warnings() {}

    /**
     * All warnings.
     *
     * @param ownUid of whoever mounts
     */
    static List<String> of(Loaded loaded, Instant now, int ownUid) {
        List<String> warnings = new ArrayList<>();
        for (Map.Entry<String, Master> master : loaded.masters().entrySet()) {
            if (master.getValue() instanceof Master.Available available) {
                ofMaster("master '" + master.getKey() + "'", available.macaroon(), now, warnings);
                List<String> enough = enough(available.macaroon(), filesOf(master.getKey(), loaded));
                if (!enough.isEmpty()) {
                    warnings.add("master '" + master.getKey() + "' allows more than its files need: issue it with '"
                            + String.join("', '", enough) + "'");
                }
            }
        }
        for (Configuration.FileDefinition file : loaded.configuration().files()) {
            ofFile(
                    loaded.configuration().file() + ":" + file.at() + ": " + file.path(),
                    file,
                    loaded,
                    ownUid,
                    warnings);
        }
        return warnings;
    }

    private static void ofMaster(String name, MasterMacaroon master, Instant now, List<String> warnings) {
        if (master.caveats().isEmpty()) {
            warnings.add(name + " carries no caveat at all: whoever copies it can make any token of its key");
        } else if (master.expiry().equals(Instant.MAX)) {
            warnings.add(name + " never expires: issue it with a 'time <' caveat");
        }
        if (master.expiry().isBefore(Instant.MAX)
                && master.expiry().isAfter(now.plus(LONG_MASTER).plusSeconds(60))) {
            warnings.add(name + " expires in more than " + LONG_MASTER.toDays() + " days");
        }
    }

    private static List<Configuration.FileDefinition> filesOf(String master, Loaded loaded) {
        return loaded.configuration().files().stream()
                .filter(file -> file.master().equals(master))
                .toList();
    }

    /** The caveats that a master lacks although each of its files adds one of the kind: they would take nothing away. */
    private static List<String> enough(MasterMacaroon master, List<Configuration.FileDefinition> files) {
        List<String> caveats = new ArrayList<>();
        if (files.isEmpty()) {
            return caveats;
        }
        needed(files, HostCaveat.class, HostCaveat::hosts)
                .filter(hosts ->
                        isMore(ofKind(master.caveats(), HostCaveat.class), HostCaveat::hosts, hosts, Warnings::covers))
                .ifPresent(hosts -> caveats.add(new HostCaveat(hosts).predicate()));
        needed(files, MethodCaveat.class, MethodCaveat::methods)
                .filter(methods -> isMore(
                        ofKind(master.caveats(), MethodCaveat.class), MethodCaveat::methods, methods, String::equals))
                .ifPresent(methods -> caveats.add(new MethodCaveat(methods).predicate()));
        // Whether one glob covers another is not to be told from their texts.
        needed(files, PathCaveat.class, PathCaveat::globs)
                .filter(globs -> ofKind(master.caveats(), PathCaveat.class).isEmpty())
                .ifPresent(globs -> caveats.add(new PathCaveat(globs).predicate()));
        return caveats;
    }

    /** What all the files name together, or empty if one of them names nothing of the kind, which is everything. */
    private static <C extends Caveat, T> Optional<List<T>> needed(
            List<Configuration.FileDefinition> files, Class<C> kind, Function<C, List<T>> items) {
        Set<T> all = new LinkedHashSet<>();
        for (Configuration.FileDefinition file : files) {
            List<C> found = ofKind(file.caveats(), kind);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            all.addAll(items.apply(found.get(0)));
        }
        return Optional.of(List.copyOf(all));
    }

    /** Whether each caveat of the master has an item that no needed one covers; also where there is no caveat at all. */
    private static <C extends Caveat, T> boolean isMore(
            List<C> ofMaster, Function<C, List<T>> items, List<T> needed, BiPredicate<T, T> covers) {
        for (C caveat : ofMaster) {
            if (items.apply(caveat).stream()
                    .allMatch(item -> needed.stream().anyMatch(other -> covers.test(other, item)))) {
                return false;
            }
        }
        return true;
    }

    private static boolean covers(HostPattern wide, HostPattern narrow) {
        return wide.equals(narrow)
                || (wide.subdomains()
                        && wide.port() == narrow.port()
                        && narrow.name().endsWith("." + wide.name()));
    }

    private static <C extends Caveat> List<C> ofKind(List<Caveat> caveats, Class<C> kind) {
        return caveats.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static void ofFile(
            String name, Configuration.FileDefinition file, Loaded loaded, int ownUid, List<String> warnings) {
        Duration shortestTtl = file.policy().shortestTtl(file.ttl());
        if (file.policy().rules().isEmpty()) {
            warnings.add(name + ": no rule allows anybody, so every open is refused");
        }
        if (!loaded.configuration().allowOther()) {
            for (Rule rule : file.policy().rules()) {
                for (Condition condition : rule.conditions()) {
                    if (condition instanceof Condition.HasUid other
                            && other.uid().number() != ownUid) {
                        warnings.add(name + ": the kernel keeps uid " + other.uid()
                                + " out of a mount of another user: add 'allow-other: true'");
                    }
                }
            }
        }
        if (file.client() == ClientClass.START_ONLY) {
            warnings.add(name + ": its client reads once at start and keeps a token that dies after "
                    + shortestTtl.toSeconds() + "s: send it through the gateway instead");
        } else if (shortestTtl.compareTo(file.client().rereadPeriod().multipliedBy(2)) < 0) {
            warnings.add(name + ": its clients read again every "
                    + file.client().rereadPeriod().toSeconds() + "s, so a ttl of "
                    + shortestTtl.toSeconds()
                    + "s can run out in between: make it at least twice as long");
        }
        if (file.client() == ClientClass.WATCH && !file.wakesWatchers()) {
            warnings.add(name + ": its client waits to be told of a change: add 'notify: true'");
        }
        if (file.ttl().compareTo(LONG_TTL) > 0) {
            warnings.add(name + ": a ttl of " + text(file.ttl()) + " is long for a token that can be copied");
        }
        ofGit(name, file.caveats(), warnings);
        ofMethods(name, file.caveats(), warnings);
        for (Rule rule : file.policy().rules()) {
            ofMethods(name, rule.narrowing().caveats(), warnings);
        }
        if (!hasHost(file.caveats()) && !masterHasHost(loaded, file.master())) {
            warnings.add(name + ": its tokens are good for every host that the gateway serves: add 'host'");
        }
    }

    /** Git gets {@code info/refs} and then posts to what is beside it: a token for one of the two is good for nothing. */
    private static void ofGit(String name, List<Caveat> caveats, List<String> warnings) {
        boolean posts = false;
        boolean begins = false;
        List<String> methods = GIT_METHODS;
        for (Caveat caveat : caveats) {
            if (caveat instanceof PathCaveat paths) {
                for (PathGlob glob : paths.globs()) {
                    String text = glob.toString();
                    posts |= text.endsWith("/git-upload-pack") || text.endsWith("/git-receive-pack");
                    begins |= text.endsWith("/info/refs") || text.endsWith("/**");
                }
            } else if (caveat instanceof MethodCaveat method) {
                methods = method.methods();
            }
        }
        if (posts && !begins) {
            warnings.add(name + ": git begins with 'REPOSITORY/info/refs', which is not in 'path'");
        }
        if (posts && !methods.containsAll(GIT_METHODS)) {
            warnings.add(
                    name + ": git needs the methods GET and POST, not " + String.join(" and ", methods) + " alone");
        }
    }

    /** A method may be anything (RFC 9110); one that nobody has heard of is rather mistyped, and grants nothing. */
    private static void ofMethods(String name, List<Caveat> caveats, List<String> warnings) {
        for (Caveat caveat : caveats) {
            if (caveat instanceof MethodCaveat method) {
                for (String each : method.methods()) {
                    if (!METHODS.contains(each)) {
                        warnings.add(
                                name + ": no known method is called '" + each + "'" + Suggestion.near(METHODS, each));
                    }
                }
            }
        }
    }

    /** As a configuration could write it: {@code 100h}. */
    private static String text(Duration duration) {
        return duration.toString().substring("PT".length()).toLowerCase(Locale.ROOT);
    }

    private static boolean masterHasHost(Loaded loaded, String master) {
        return loaded.masters().get(master) instanceof Master.Available available
                && hasHost(available.macaroon().caveats());
    }

    private static boolean hasHost(List<Caveat> caveats) {
        return caveats.stream().anyMatch(HostCaveat.class::isInstance);
    }
}
