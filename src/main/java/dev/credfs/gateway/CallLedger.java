package dev.credfs.gateway;

import dev.credfs.caveat.TokenId;
import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * How often each token with a {@code max-calls} was spent. A call is written down before it is made, so that a crash loses
 * calls and never gives one more.
 *
 * <p>The file has one line a call, {@code <jti> <expiry>}; at start the lines of expired tokens are left out and the rest is
 * written anew. Used by one thread at a time.
 */
final class CallLedger implements AutoCloseable {
    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    /** From this number of tokens on, the expired ones are looked for. */
    private static final int FORGET_AT = 4096;

    private record Count(int calls, Instant expiry) {}

    private final Map<String, Count> counts;
    private final FileChannel channel;
    private final InstantSource clock;
    private long lengthBytes;
    private int forgetAt = FORGET_AT;

    private CallLedger(Map<String, Count> counts, FileChannel channel, InstantSource clock) throws IOException {
        this.counts = counts;
        this.channel = channel;
        this.clock = clock;
        this.lengthBytes = channel.size();
    }

    /**
     * @throws IOException if the file cannot be read or written, or holds anything but such lines: starting anew would give
     *     every token its calls again
     */
    static CallLedger open(Path file, InstantSource clock) throws IOException {
        Map<String, Count> counts = new HashMap<>();
        Instant now = clock.instant();
        StringBuilder kept = new StringBuilder();
        if (Files.exists(file)) {
            String text = Files.readString(file, StandardCharsets.US_ASCII);
            // A last line without an end is a call that was not made.
            for (String line :
                    text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
                read(file, line, now, counts, kept);
            }
        }
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        FileChannel channel =
                FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.APPEND), PRIVATE);
        write(channel, kept.toString());
        channel.force(true);
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        return new CallLedger(counts, channel, clock);
    }

    private static void read(Path file, String line, Instant now, Map<String, Count> counts, StringBuilder kept)
            throws IOException {
        int blank = line.indexOf(' ');
        try {
            String tokenId = new TokenId(line.substring(0, Math.max(0, blank))).ulid();
            Instant expiry = Instant.parse(line.substring(blank + 1));
            if (expiry.isAfter(now)) {
                Count before = counts.getOrDefault(tokenId, new Count(0, expiry));
                counts.put(tokenId, new Count(before.calls() + 1, expiry));
                kept.append(line).append('\n');
            }
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException("not a line of a call ledger in " + file, e);
        }
    }

    /** Counts nothing. */
    void requireOneLeft(Decision.Spender spender) throws RefusedException {
        int limit = spender.maxCalls().orElse(Integer.MAX_VALUE);
        if (before(spender).calls() >= limit) {
            throw new RefusedException(Failure.CAVEAT_NOT_CLEARED, "max-calls = " + limit + ": all calls are spent");
        }
    }

    private Count before(Decision.Spender spender) {
        return counts.getOrDefault(spender.tokenId(), new Count(0, spender.expiry()));
    }

    /** Counts a call; of a token that asks for no count, does nothing. */
    void spend(Decision.Spender spender) throws RefusedException {
        if (spender.maxCalls().isEmpty()) {
            return;
        }
        requireOneLeft(spender);
        Count before = before(spender);
        if (!writeWhole(spender.tokenId() + " " + spender.expiry() + "\n")) {
            throw new RefusedException(Failure.AUDIT_UNAVAILABLE, "the count of calls cannot be written");
        }
        if (counts.size() >= forgetAt) {
            Instant now = clock.instant();
            counts.values().removeIf(count -> !count.expiry().isAfter(now));
            forgetAt = Math.max(FORGET_AT, 2 * counts.size());
        }
        counts.put(spender.tokenId(), new Count(before.calls() + 1, before.expiry()));
    }

    /** A line that the disk took only the beginning of is taken back: what is written next must not grow onto it. */
    private boolean writeWhole(String line) {
        try {
            channel.truncate(lengthBytes);
            write(channel, line);
            lengthBytes += line.length();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static void write(FileChannel channel, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
