package dev.credfs.fuse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The processes that keep a mount busy: with a working directory, a root or an open file in it, as {@code /proc} shows
 * them.
 */
final class Holders {
    private Holders() {}

    /**
     * One short phrase per process, for example {@code pid 4711 (bash) cwd}. Without root, only one's own processes.
     */
    static List<String> of(Path mountpoint) {
        List<String> holders = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (Path process : processes) {
                for (String link : List.of("cwd", "root")) {
                    if (leadsInto(process.resolve(link), mountpoint)) {
                        holders.add(describe(process) + " " + link);
                    }
                }
                addOpenFiles(process, mountpoint, holders);
            }
        } catch (IOException | DirectoryIteratorException unreadable) {
            holders.add("unknown, /proc cannot be read");
        }
        return holders;
    }

    private static void addOpenFiles(Path process, Path mountpoint, List<String> holders) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
            for (Path descriptor : descriptors) {
                if (leadsInto(descriptor, mountpoint)) {
                    holders.add(describe(process) + " fd " + descriptor.getFileName());
                }
            }
        } catch (IOException | DirectoryIteratorException goneOrNotOurs) {
            // A process that ended holds nothing; another user's is not ours to see.
        }
    }

    /**
     * Compares the text of the link only: following it would send a request to the very mount that is being stopped.
     */
    private static boolean leadsInto(Path link, Path mountpoint) {
        try {
            return Files.readSymbolicLink(link).startsWith(mountpoint);
        } catch (IOException goneOrNotOurs) {
            return false;
        }
    }

    private static String describe(Path process) {
        String name = "?";
        try {
            name = Files.readString(process.resolve("comm"), StandardCharsets.ISO_8859_1)
                    .strip();
        } catch (IOException gone) {
            // The name is a courtesy.
        }
        return "pid " + process.getFileName() + " (" + name + ")";
    }
}
