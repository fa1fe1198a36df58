package dev.credfs.cli;

import dev.credfs.policy.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numeric owners and modes of files, which the Java API hides behind names and views. */
final class Owner {
    /** Real, effective, saved and file-system uid, in this order. */
    private static final Pattern EFFECTIVE_UID = Pattern.compile("(?m)^Uid:\\s+[0-9]+\\s+([0-9]+)\\s");

    private static final int STICKY = 01000;
    private static final int ROOT = 0;

    private Owner() {}

    /** The effective uid of this process. Not the owner of /proc/self: that is root for a process that is not dumpable. */
    static int effectiveUid() throws IOException {
        Matcher uids = EFFECTIVE_UID.matcher(Files.readString(Path.of("/proc/self/status")));
        if (uids.find()) {
            return Integer.parseUnsignedInt(uids.group(1));
        }
        throw new IOException("/proc/self/status names no uid");
    }

    static boolean isSticky(Path directory) throws IOException {
        return ((int) Files.getAttribute(directory, "unix:mode") & STICKY) != 0;
    }

    static void requireOwnOrRoot(Path file, PosixFileAttributes attributes, String what)
            throws IOException, CommandException {
        int owner = (int) Files.getAttribute(file, "unix:uid");
        int self = effectiveUid();
        if (owner != self && owner != ROOT) {
            throw new CommandException(
                    Failure.MASTER_UNAVAILABLE,
                    what + " " + file + ": belongs to " + attributes.owner().getName() + ", not to uid " + self
                            + " or root: run 'chown'");
        }
    }
}
