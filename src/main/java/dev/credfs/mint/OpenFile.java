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

    private final String path;
    private final Caller opener;
    private final List<Reader> readers = new ArrayList<>(1);
    private Content newest;

    OpenFile(String path, Caller opener, Content content) {
        this.path = path;
        this.opener = opener;
        this.newest = content;
    }

    String path() {
        return path;
    }

    Caller opener() {
        return opener;
    }

    /** Whether a read at offset 0 needs a content of its own. */
    synchronized boolean isStale(Instant now) {
        return !newest.isFreshAt(now);
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
