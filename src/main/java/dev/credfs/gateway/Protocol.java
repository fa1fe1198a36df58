package dev.credfs.gateway;

import java.util.Locale;
import java.util.regex.Pattern;

/** What an upstream speaks over HTTP, as far as the gateway has to know it. */
public enum Protocol {
    /** Anything: the caveats alone decide. */
    HTTP,
    /** The smart protocol of git, and nothing else passes: {@link GitRequest}. */
    GIT,
    /** That of an npm registry, whose clients write the slash in a scoped name as {@code %2f}. */
    NPM;

    private static final Pattern SCOPED_NAME = Pattern.compile("/((?:@|%40)[^/%]+)%2[fF]([^/%]+)(?=/|$)");

    /** As a configuration names it. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The path as it is cleared and sent. An encoded slash is refused everywhere, since servers differ in what it separates.
     * Registries do not: {@code /@acme%2fsite} and {@code /@acme/site} are one package there, so the first is read, and from
     * here on is, the second.
     *
     * @param path as a client wrote it
     */
    String canonical(String path) {
        return this == NPM ? SCOPED_NAME.matcher(path).replaceAll("/$1/$2") : path;
    }
}
