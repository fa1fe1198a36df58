package dev.credfs.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One line of {@code /proc/self/mountinfo}, proc(5).
 *
 * @param device {@code major:minor}, which names the mounted filesystem itself
 * @param mountpoint where it stands, decoded
 * @param shared it belongs to a peer group, so that mounts below it propagate
 * @param type filesystem type, {@code fuse.credfs} for ours
 * @param source what was mounted, {@code credfs:<pid>} for ours
 */
record MountEntry(String device, String mountpoint, boolean shared, String type, String source) {
    static final String OUR_TYPE = "fuse.credfs";
    static final String OUR_SOURCE_PREFIX = "credfs:";

    private static final Pattern OCTAL = Pattern.compile("\\\\([0-7]{3})");

    /** All mounts of this mount namespace, in the order they were made: what stands on top at a place comes last. */
    static List<MountEntry> all() throws IOException {
        List<MountEntry> entries = new ArrayList<>();
        for (String line : Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1)
                .split("\n", -1)) {
            if (!line.isEmpty()) {
                entries.add(parse(line));
            }
        }
        return entries;
    }

    static MountEntry parse(String line) throws IOException {
        String[] fields = line.split(" ", -1);
        int separator = 6;
        boolean shared = false;
        while (separator < fields.length && !fields[separator].equals("-")) {
            shared |= fields[separator].startsWith("shared:");
            separator++;
        }
        if (separator + 2 >= fields.length) {
            throw new IOException("not a line of mountinfo: " + line);
        }
        return new MountEntry(
                fields[2], decode(fields[4]), shared, decode(fields[separator + 1]), decode(fields[separator + 2]));
    }

    /** What stands on top at this very place, or null where nothing is mounted. */
    static @Nullable MountEntry at(Path mountpoint) throws IOException {
        MountEntry top = null;
        for (MountEntry entry : all()) {
            if (entry.mountpoint.equals(mountpoint.toString())) {
                top = entry;
            }
        }
        return top;
    }

    /** The mount that holds a directory: the one with the longest mountpoint above it, the topmost of these. */
    static MountEntry holding(Path directory) throws IOException {
        MountEntry holder = null;
        for (MountEntry entry : all()) {
            if (directory.startsWith(entry.mountpoint)
                    && (holder == null || entry.mountpoint.length() >= holder.mountpoint.length())) {
                holder = entry;
            }
        }
        if (holder == null) {
            throw new IOException("no mount holds " + directory);
        }
        return holder;
    }

    boolean isOurs() {
        return type.equals(OUR_TYPE);
    }

    /** The daemon that mounted it, as the source says; "unknown" where it does not. */
    String daemonPid() {
        return source.startsWith(OUR_SOURCE_PREFIX) ? source.substring(OUR_SOURCE_PREFIX.length()) : "unknown";
    }

    private static String decode(String field) {
        Matcher escapes = OCTAL.matcher(field);
        String bytes = escapes.replaceAll(
                escape -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(escape.group(1), 8))));
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
}
