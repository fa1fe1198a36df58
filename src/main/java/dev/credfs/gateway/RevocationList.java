package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.audit.AuditLog;
import dev.credfs.audit.AuditUnavailableException;
import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.macaroon.KeyId;
import dev.credfs.macaroon.VerifiedMacaroon;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The file of revocations, one a line. It is looked at again when a request comes and the last look is a tenth of a second
 * old, so that a revocation takes effect within that time and survives a restart.
 *
 * <p>Each line becomes one record of the audit log. Beside the file stands a copy of the lines that have theirs, so that a
 * restart does not record them again, and one that came while nobody looked gets its own.
 *
 * <p>While it cannot be read, holds a line that is none, or has gone after it was there, <em>nothing</em> is honoured: a
 * list that an attacker can break must not become an empty one.
 */
public final class RevocationList {
    private static final long LOOK_AGAIN_NANOS = Duration.ofMillis(100).toNanos();
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private sealed interface State {
        record Read(Object version, Revocations revocations) implements State {}

        record Unreadable(String why) implements State {}
    }

    private final Path file;
    private final Path recordedFile;
    private boolean everThere;
    private long lookedNanos;
    private @Nullable State state;
    private @Nullable Set<String> recorded;

    RevocationList(Path file) {
        this.file = file;
        this.recordedFile = file.resolveSibling(file.getFileName() + ".recorded");
        // What was in force before a restart must not be forgotten with the file.
        this.everThere = Files.exists(recordedFile);
    }

    /** The revocation that covers the token, or empty. */
    synchronized Optional<Revocation> covering(VerifiedMacaroon token, Optional<ContainerCaveat> presenter)
            throws RefusedException {
        return current().covering(token, presenter);
    }

    /** How many are in force; not a number while nothing is honoured because that cannot be told. */
    synchronized double count() {
        try {
            return current().all().size();
        } catch (RefusedException e) {
            return Double.NaN;
        }
    }

    /**
     * Records every revocation that has no record yet. What cannot be recorded is in force all the same, and is tried again at
     * the next call. For one thread at a time, which may wait for the disk.
     */
    void record(AuditLog log, InstantSource clock) {
        Set<String> inForce = new LinkedHashSet<>();
        try {
            for (Revocation revocation : current().all()) {
                inForce.add(revocation.line());
            }
        } catch (RefusedException e) {
            // Every request is refused with this, and that is on record.
            return;
        }
        Set<String> known = recorded;
        if (known == null) {
            known = readRecorded();
            recorded = known;
        }
        if (known.equals(inForce)) {
            return;
        }
        try {
            // A line that somebody took out of the list is recorded again when it comes back.
            known.retainAll(inForce);
            for (String line : inForce) {
                if (!known.contains(line)) {
                    log.append(new AuditEvent.Revoked(clock.instant(), line));
                    known.add(line);
                }
            }
        } catch (AuditUnavailableException e) {
            // Those before this one have their record, and the copy says so.
        }
        writeRecorded(known);
    }

    private Set<String> readRecorded() {
        try {
            return new LinkedHashSet<>(Files.readAllLines(recordedFile, StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // Rather recorded twice than never.
            return new LinkedHashSet<>();
        }
    }

    private void writeRecorded(Set<String> lines) {
        StringBuilder text = new StringBuilder();
        for (String line : lines) {
            text.append(line).append('\n');
        }
        Path fresh = recordedFile.resolveSibling(recordedFile.getFileName() + ".new");
        try {
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, PRIVATE);
            Files.writeString(fresh, text, StandardCharsets.US_ASCII);
            Files.move(fresh, recordedFile, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // At worst a restart records a revocation for the second time.
            return;
        }
    }

    private synchronized Revocations current() throws RefusedException {
        long now = System.nanoTime();
        State known = state;
        if (known == null || now - lookedNanos >= LOOK_AGAIN_NANOS) {
            known = look(known);
            state = known;
            lookedNanos = now;
        }
        if (known instanceof State.Read read) {
            return read.revocations();
        }
        String why = known instanceof State.Unreadable unreadable ? unreadable.why() : "";
        throw new RefusedException(Failure.MASTER_UNAVAILABLE, "the list of revocations " + why);
    }

    private State look(@Nullable State before) {
        try {
            Map<String, Object> attributes = Files.readAttributes(file, "unix:ino,size,lastModifiedTime,ctime");
            everThere = true;
            if (before instanceof State.Read read && read.version().equals(attributes)) {
                return before;
            }
            return new State.Read(
                    attributes, new Revocations(parse(Files.readString(file, StandardCharsets.US_ASCII))));
        } catch (NoSuchFileException e) {
            return everThere ? new State.Unreadable("has gone") : new State.Read("no file", new Revocations(List.of()));
        } catch (IOException e) {
            return new State.Unreadable("cannot be read");
        } catch (IllegalArgumentException e) {
            return new State.Unreadable("has a line that is none: " + e.getMessage());
        }
    }

    private static List<Revocation> parse(String text) {
        List<Revocation> revocations = new ArrayList<>();
        int start = 0;
        while (start < text.length()) {
            int end = text.indexOf('\n', start);
            if (end < 0) {
                throw new IllegalArgumentException("the last line has no end");
            }
            revocations.add(Revocation.parse(text.substring(start, end)));
            start = end + 1;
        }
        return revocations;
    }

    /** The keys that are revoked as a whole, as far as this process can tell: empty where it may not read the list. */
    public static Set<KeyId> revokedKeys(Path file) {
        Set<KeyId> keys = new HashSet<>();
        try {
            for (Revocation revocation : parse(Files.readString(file, StandardCharsets.US_ASCII))) {
                if (revocation instanceof Revocation.OfKey key) {
                    keys.add(key.keyId());
                }
            }
        } catch (IOException | IllegalArgumentException e) {
            return Set.of();
        }
        return keys;
    }

    /**
     * Adds a revocation to the list, making the file if there is none. It is on the disk when this returns.
     *
     * @param file of mode 0600, in a directory that only its owner writes to
     */
    public static void append(Path file, Revocation revocation) throws IOException {
        byte[] line = (revocation.line() + "\n").getBytes(StandardCharsets.US_ASCII);
        boolean fresh = !Files.exists(file);
        try (FileChannel channel =
                FileChannel.open(file, Set.of(StandardOpenOption.APPEND, StandardOpenOption.CREATE), PRIVATE)) {
            if (fresh) {
                // Made by root, it is for the gateway to read all the same.
                Files.setOwner(file, Files.getOwner(file.toAbsolutePath().resolveSibling("")));
            }
            ByteBuffer bytes = ByteBuffer.wrap(line);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }
}
