package dev.credfs.mint;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Tid;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * One open file: who opened it and what each of its readers is in the middle of.
 *
 * <p>A descriptor can be shared by threads and forked processes. Each thread goes on with the content it began with at offset
 * 0, whatever others do meanwhile; a thread that never began reads what was minted last.
 */
final class OpenFile {
    /** More threads than this in one descriptor: the one that began longest ago goes on with the newest content. */
    private static final int MAX_READERS = 64;

    /** What one thread is reading. */
    private record Reader(Tid tid, byte[] content) {}

    /** What a file has been opened as. It stays that, whatever another configuration has at its path. */
    enum Kind {
        TOKEN,
        LAST_REFUSALS,
        PUBLIC
    }

    private final String path;
    private final Kind kind;
    private final Caller opener;
    private final List<Reader> readers = new ArrayList<>(1);
    private Content newest;

    OpenFile(String path, Kind kind, Caller opener, Content content) {
        this.path = path;
        this.kind = kind;
        this.opener = opener;
        this.newest = content;
    }

    String path() {
        return path;
    }

    Kind kind() {
        return kind;
    }

    /** Whether {@code reader} may have what {@link #opener} opened. */
    boolean isFor(Caller reader) {
        return kind == Kind.PUBLIC || opener.mayShareDescriptorWith(reader);
    }

    Caller opener() {
        return opener;
    }

    /** Whether a read at offset 0 needs a content of its own. */
    synchronized boolean isStale(Instant now) {
        return kind != Kind.PUBLIC && !newest.isFreshAt(now);
    }

    synchronized void renew(Content content) {
        newest = content;
    }

    /** The newest content, which {@code tid} goes on with from here. */
    synchronized byte[] begin(Tid tid) {
        readers.removeIf(reader -> reader.tid().equals(tid));
        if (readers.size() == MAX_READERS) {
            readers.remove(0);
        }
        readers.add(new Reader(tid, newest.bytes()));
        return newest.bytes();
    }

    /** What {@code tid} is in the middle of. */
    synchronized byte[] goOn(Tid tid) {
        for (Reader reader : readers) {
            if (reader.tid().equals(tid)) {
                return reader.content();
            }
        }
        return newest.bytes();
    }
}
