package dev.credfs.audit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Optional;

/** The records of one file of a log, in order. What is no record is passed over and counted. */
public final class AuditReader implements AutoCloseable {
    private static final long TAIL_BYTES_PER_LINE = 2048;

    private final LineReader lines;
    private final MessageDigest sha256 = LineHash.sha256();
    private long passedOver;

    private AuditReader(LineReader lines) {
        this.lines = lines;
    }

    /** Opens {@code file} at its first record. */
    public static AuditReader open(Path file) throws IOException {
        return new AuditReader(LineReader.open(file));
    }

    /** Goes to the last {@code count} lines, reading no more of the file than they take. */
    public void seekToLast(int count) throws IOException {
        long size = lines.sizeBytes();
        long bytes = Math.max(1, count) * TAIL_BYTES_PER_LINE;
        while (true) {
            long start = Math.max(0, size - bytes);
            lines.seek(start);
            // Of a line that began before, only the end is here.
            boolean partial = start > 0 && lines.advance();
            long found = 0;
            while (lines.consumedBytes() < size && lines.advance()) {
                found++;
            }
            if (found >= count || start == 0) {
                lines.seek(start);
                if (partial) {
                    lines.advance();
                }
                for (long i = found; i > count; i--) {
                    lines.advance();
                }
                return;
            }
            bytes *= 2;
        }
    }

    /**
     * The next record; empty at the end of the file, and once more written there is more.
     *
     * @throws IOException if the file cannot be read
     */
    public Optional<AuditLine> next() throws IOException {
        return nextWith();
    }

    /**
     * The next record whose line contains one of {@code texts}, or any if none are given; the others are not looked at.
     *
     * @throws IOException if the file cannot be read
     */
    public Optional<AuditLine> nextWith(String... texts) throws IOException {
        byte[][] wanted = new byte[texts.length][];
        for (int i = 0; i < texts.length; i++) {
            wanted[i] = texts[i].getBytes(StandardCharsets.US_ASCII);
        }
        while (lines.advance()) {
            if (lines.isEnded() && !containsAny(wanted)) {
                continue;
            }
            RawLine raw = RawLine.parse(lines.buffer(), lines.from(), lines.to(), sha256);
            if (raw == null && !lines.isEnded()) {
                // It may be being written: asked again, it is there.
                lines.rewind();
                return Optional.empty();
            }
            if (raw == null) {
                passedOver++;
                continue;
            }
            String json =
                    new String(lines.buffer(), lines.from(), lines.to() - lines.from(), StandardCharsets.US_ASCII);
            try {
                return Optional.of(new AuditLine(raw.seq(), EventJson.read(EventJson.tree(raw.eventObject())), json));
            } catch (IllegalArgumentException e) {
                passedOver++;
            }
        }
        return Optional.empty();
    }

    private boolean containsAny(byte[][] wanted) {
        byte[] buffer = lines.buffer();
        for (byte[] text : wanted) {
            for (int i = lines.from(); i <= lines.to() - text.length; i++) {
                if (buffer[i] == text[0] && Arrays.equals(buffer, i, i + text.length, text, 0, text.length)) {
                    return true;
                }
            }
        }
        return wanted.length == 0;
    }

    /** How many lines were no record of credfs. */
    public long passedOver() {
        return passedOver;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
