package dev.credfs.audit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
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
        while (lines.advance()) {
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

    /** How many lines were no record of credfs. */
    public long passedOver() {
        return passedOver;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
