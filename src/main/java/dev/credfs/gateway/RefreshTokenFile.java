package dev.credfs.gateway;

import dev.credfs.crypto.SecretBytes;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a refresh token was replaced with by the server that took it, for the time after the next start: the configured one is
 * dead then. The file is of one configured token, whose hash is in its name; another one begins anew.
 */
final class RefreshTokenFile {
    private static final Set<PosixFilePermission> PRIVATE = PosixFilePermissions.fromString("rw-------");

    private final Path file;
    private final SecretBytes configured;
    private @Nullable SecretBytes current;
    private boolean unwritten;

    /** @param stateDirectory of the gateway */
    RefreshTokenFile(Path stateDirectory, SecretBytes configured) {
        byte[] bytes = configured.revealCopy();
        this.file =
                stateDirectory.resolve("refresh-" + SignatureV4.sha256(bytes).substring(0, 32));
        Arrays.fill(bytes, (byte) 0);
        this.configured = configured;
    }

    Path path() {
        return file;
    }

    /** The token that is good now. */
    synchronized SecretBytes current() throws RefusedException {
        SecretBytes known = current;
        if (known == null) {
            known = read();
            current = known;
        }
        if (unwritten) {
            keep(known);
        }
        return known;
    }

    private SecretBytes read() throws RefusedException {
        if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return configured;
        }
        try {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    || !Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
                            .equals(PRIVATE)) {
                throw unusable("is no file of mode 0600");
            }
            byte[] bytes = Files.readAllBytes(file);
            SecretBytes kept = SecretBytes.copyOf(bytes);
            Arrays.fill(bytes, (byte) 0);
            Route.requireCredential(kept);
            return kept;
        } catch (IOException | IllegalArgumentException e) {
            throw unusable("cannot be read");
        }
    }

    /** Replaces it; on disk before this returns. What cannot be written is tried again before it is next used. */
    synchronized void keep(SecretBytes fresh) throws RefusedException {
        current = fresh;
        unwritten = true;
        Path beside = file.resolveSibling(file.getFileName() + ".new");
        byte[] bytes = fresh.revealCopy();
        try {
            Files.deleteIfExists(beside);
            try (FileChannel channel = FileChannel.open(
                    beside,
                    Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PRIVATE))) {
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
            unwritten = false;
        } catch (IOException e) {
            throw unusable("cannot be written, and the next start would begin with a dead one");
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private RefusedException unusable(String why) {
        return new RefusedException(Failure.MASTER_UNAVAILABLE, "the refresh token in " + file + " " + why);
    }
}
