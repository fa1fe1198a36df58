package dev.credfs.audit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The examination of a log: its files, oldest first, and the signed head that says how far they must reach.
 *
 * <p>The first line is named at which the log is not what was written: its own hash is wrong (edited), it does not follow
 * the line before it (removed, reordered, repeated), it differs from the signed head, or it should be there and is not (a
 * cut tail). Whoever can write the log <em>and</em> read its key can write another log that is intact; keep the heads, or
 * at least the public key, on another machine.
 *
 * @param files oldest first
 * @param head the signed head; need not exist
 * @param publicKey that the head is checked with; must exist if the head does
 */
public record AuditVerification(List<Path> files, Path head, Path publicKey) {

    /** Told how far a verification is. */
    public interface Progress {
        /** The first {@code done} of {@code total} bytes are verified. */
        void at(long done, long total);
    }

    private static final long PROGRESS_LINES = 4096;

    public AuditVerification {
        files = List.copyOf(files);
        if (files.isEmpty()) {
            throw new IllegalArgumentException("no file to verify");
        }
    }

    /** The verification of {@code files}, oldest first, with the head and the public key beside the last one. */
    public static AuditVerification of(List<Path> files) {
        Path last = files.get(files.size() - 1).toAbsolutePath();
        return new AuditVerification(files, HeadFile.of(last, ".head"), HeadFile.of(last, ".pub"));
    }

    /**
     * Reads all files once.
     *
     * @throws IOException if one cannot be read
     */
    public AuditVerdict run(Progress progress) throws IOException {
        // Before the lines: a log in use grows, and its head must not be newer than what was read.
        Position signed = Files.exists(head)
                ? SignedHead.read(head, HeadFile.readPublicKey(publicKey)).position()
                : Position.START;
        return new Run(signed).verify(progress);
    }

    /** The chain was broken at the line being read. */
    private static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;
        private final long line;

        BrokenException(long line, String why) {
            super(why, null, false, false);
            this.line = line;
        }
    }

    private final class Run {
        private final Position signed;
        private final MessageDigest sha256 = LineHash.sha256();
        private final MessageDigest tornSha256 = LineHash.sha256();
        private final List<AuditVerdict.Remark> remarks = new ArrayList<>();

        private Path file = files.get(0);
        private long line;
        private long first;
        private Position last = Position.START;
        /** The record that the next file goes on from, if its first line says that it goes on. */
        private Position link = Position.START;

        private boolean linkSeen;

        /** The last line of the file, if it has no end; 0 otherwise. */
        private long unendedLine;

        private long tornLine;
        private long tornBytes;

        Run(Position signed) {
            this.signed = signed;
        }

        AuditVerdict verify(Progress progress) throws IOException {
            long total = 0;
            for (Path each : files) {
                total += Files.size(each);
            }
            try {
                requireOneLog();
                long before = 0;
                for (int i = 0; i < files.size(); i++) {
                    file = files.get(i);
                    Position linked = link;
                    boolean linkedSeen = linkSeen;
                    link = i + 1 < files.size() ? before(files.get(i + 1)) : Position.START;
                    linkSeen = false;
                    before += verifyFile(linked, linkedSeen, before, total, progress);
                }
                requireSignedTail();
            } catch (BrokenException e) {
                return new AuditVerdict.Broken(file, e.line, String.valueOf(e.getMessage()), List.copyOf(remarks));
            }
            if (signed.equals(Position.START)) {
                remark(0, "no signed head: it would not show if records were cut off the end");
            }
            return new AuditVerdict.Intact(first, last.seq(), signed.seq(), List.copyOf(remarks));
        }

        private void remark(long at, String text) {
            remarks.add(new AuditVerdict.Remark(file, at, text));
        }

        /** The first line that begins a chain is that of the first file: said before a hash differs somewhere else. */
        private void requireOneLog() throws IOException, BrokenException {
            Path earlier = null;
            for (Path each : files) {
                RawLine begin = firstOf(each);
                if (begin == null) {
                    continue;
                }
                if (earlier != null && begin.seq() == 1 && begin.prev().equals(LineHash.NONE)) {
                    file = each;
                    throw new BrokenException(
                            1,
                            "it begins a log, and does not continue " + earlier
                                    + ": give the files of one log, oldest first");
                }
                earlier = each;
            }
        }

        private @Nullable RawLine firstOf(Path log) throws IOException {
            try (LineReader reader = LineReader.open(log)) {
                return reader.advance() ? RawLine.parse(reader.buffer(), reader.from(), reader.to(), sha256) : null;
            }
        }

        /** The position that the first line of {@code next} follows. */
        private Position before(Path next) throws IOException {
            RawLine raw = firstOf(next);
            return raw == null ? Position.START : new Position(raw.seq() - 1, raw.prev());
        }

        private long verifyFile(Position linked, boolean linkedSeen, long before, long total, Progress progress)
                throws IOException, BrokenException {
            line = 0;
            tornLine = 0;
            unendedLine = 0;
            try (LineReader reader = LineReader.open(file)) {
                while (reader.advance()) {
                    line++;
                    RawLine raw = RawLine.parse(reader.buffer(), reader.from(), reader.to(), sha256);
                    if (raw == null) {
                        unrecognised(reader);
                    } else {
                        follow(raw, linked, linkedSeen);
                    }
                    if (line % PROGRESS_LINES == 0) {
                        progress.at(before + reader.consumedBytes(), total);
                    }
                }
                if (tornLine != 0) {
                    throw notARecord();
                }
                progress.at(before + reader.consumedBytes(), total);
                return reader.consumedBytes();
            }
        }

        /** Keeps a line that is no record: the next one may say that a crash left it. */
        private void unrecognised(LineReader reader) {
            if (!reader.isEnded() && tornLine == 0) {
                unendedLine = line;
                remark(
                        line,
                        "torn tail: " + (reader.to() - reader.from())
                                + " bytes of a record that was being written when the daemon died");
                return;
            }
            if (tornLine == 0) {
                tornLine = line;
                tornBytes = 0;
                tornSha256.reset();
            } else {
                tornSha256.update((byte) '\n');
                tornBytes++;
            }
            tornSha256.update(reader.buffer(), reader.from(), reader.to() - reader.from());
            tornBytes += reader.to() - reader.from();
        }

        private BrokenException notARecord() {
            return new BrokenException(tornLine, "its hash is not that of its content: it was edited");
        }

        private void follow(RawLine raw, Position linked, boolean linkedSeen) throws BrokenException {
            AuditEvent event = Note.isNote(raw) ? Note.read(raw) : null;
            if (tornLine != 0) {
                acceptTorn(raw, event);
            }
            requireOrder(raw, event, linked, linkedSeen);
            if (event instanceof LogEvent.Continued continued) {
                acceptBreak(continued);
            }
            boolean goneBackOn = linkSeen && raw.seq() > link.seq();
            if (raw.seq() == signed.seq() && !raw.hash().equals(signed.hash()) && !goneBackOn) {
                throw new BrokenException(
                        line, "record " + raw.seq() + " is another one than the signed head names: it was replaced");
            }
            last = raw.position();
            if (first == 0) {
                first = raw.seq();
            }
            linkSeen |= last.equals(link);
        }

        private void acceptTorn(RawLine raw, @Nullable AuditEvent event) throws BrokenException {
            if (!(event instanceof LogEvent.TornTail torn)
                    || torn.tornBytes() != tornBytes
                    || !torn.tornHash().equals(LineHash.of(tornSha256).toString())
                    || raw.seq() != last.seq() + 1) {
                throw notARecord();
            }
            remark(
                    tornLine,
                    "torn tail: " + tornBytes
                            + " bytes of a record that was being written when the daemon died or the disk was full");
            tornLine = 0;
        }

        private void requireOrder(RawLine raw, @Nullable AuditEvent event, Position linked, boolean linkedSeen)
                throws BrokenException {
            if (first == 0) {
                requireBeginning(raw, event);
                return;
            }
            long expected = last.seq() + 1;
            boolean follows = raw.prev().equals(last.hash());
            if (raw.seq() == expected && follows) {
                return;
            }
            if (line == 1
                    && linkedSeen
                    && raw.prev().equals(linked.hash())
                    && event instanceof LogEvent.Continued continued
                    && continued.reason() == LogEvent.Break.ABSENT) {
                remark(
                        line,
                        "the daemon was not running when the file was renamed, and went on from its signed head, record "
                                + linked.seq());
                return;
            }
            if (raw.seq() == expected) {
                throw new BrokenException(line, "it does not follow the line before it: one of them was replaced");
            }
            throw new BrokenException(
                    line,
                    raw.seq() < expected
                            ? "record " + raw.seq() + " where record " + expected + " belongs: repeated or moved"
                            : "record " + raw.seq() + " where record " + expected
                                    + " belongs: what was between was removed or moved");
        }

        private void requireBeginning(RawLine raw, @Nullable AuditEvent event) throws BrokenException {
            if (raw.seq() == 1 && raw.prev().equals(LineHash.NONE)) {
                return;
            }
            if (line != 1 || !(event instanceof LogEvent.Continued)) {
                throw new BrokenException(
                        line,
                        "it is record " + raw.seq() + " and goes on from no earlier file: what was before was removed");
            }
            remark(line, "it goes on from record " + (raw.seq() - 1) + ", whose file was not given");
        }

        private void acceptBreak(LogEvent.Continued continued) throws BrokenException {
            switch (continued.reason()) {
                case ROTATED -> {}
                case DELETED, REPLACED, ABSENT ->
                    remark(
                            line,
                            "the file before it was " + EventJson.word(continued.reason()) + "; " + continued.detail());
                case TRUNCATED, FOREIGN, CUT ->
                    throw new BrokenException(
                            line, "the file was changed while the log was written: " + continued.detail());
            }
        }

        private void requireSignedTail() throws BrokenException {
            if (signed.seq() > last.seq()) {
                throw new BrokenException(
                        unendedLine != 0 ? unendedLine : line + 1,
                        "the signed head names record " + signed.seq() + ", the log ends with record " + last.seq()
                                + ": its tail was cut off");
            }
            if (first > 0 && signed.seq() > 0 && signed.seq() < first) {
                remark(0, "the signed head is older than these files");
            }
        }
    }
}
