package dev.credfs.audit;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** The lines of a file, each as a part of one buffer that is filled again and again. */
final class LineReader implements AutoCloseable {
    private static final int INITIAL_BYTES = 64 * 1024;

    private final FileChannel channel;
    private byte[] buffer = new byte[INITIAL_BYTES];
    private int filled;
    private int next;
    private int from;
    private int to;
    private boolean ended;
    private long consumed;

    private LineReader(FileChannel channel) {
        this.channel = channel;
    }

    static LineReader open(Path file) throws IOException {
        return new LineReader(FileChannel.open(file, StandardOpenOption.READ));
    }

    /** Goes to the byte at {@code position}, which begins a line. */
    void seek(long position) throws IOException {
        channel.position(position);
        consumed = position;
        filled = 0;
        next = 0;
    }

    long sizeBytes() throws IOException {
        return channel.size();
    }

    /**
     * Finds the next line.
     *
     * @return false at the end of the file
     * @throws IOException also for a line longer than any that credfs writes
     */
    boolean advance() throws IOException {
        int searched = next;
        while (true) {
            for (int i = searched; i < filled; i++) {
                if (buffer[i] == '\n') {
                    take(i, i + 1);
                    ended = true;
                    return true;
                }
            }
            searched = filled - next;
            if (!fill()) {
                break;
            }
        }
        if (next == filled) {
            return false;
        }
        take(filled, filled);
        ended = false;
        return true;
    }

    private void take(int end, int following) {
        from = next;
        to = end;
        consumed += following - next;
        next = following;
    }

    /** Moves what is left to the front of the buffer and reads more after it. */
    private boolean fill() throws IOException {
        int left = filled - next;
        if (left > LogFile.LONGEST_TORN_BYTES) {
            throw new IOException("a line has more than " + LogFile.LONGEST_TORN_BYTES + " bytes");
        }
        if (left == buffer.length) {
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
        System.arraycopy(buffer, next, buffer, 0, left);
        next = 0;
        filled = left;
        int read = channel.read(ByteBuffer.wrap(buffer, filled, buffer.length - filled));
        if (read <= 0) {
            return false;
        }
        filled += read;
        return true;
    }

    /** Forgets the line last seen: {@link #advance} finds it again, and what was written behind it since. */
    void rewind() throws IOException {
        seek(consumed - (next - from));
    }

    byte[] buffer() {
        return buffer;
    }

    /** Where the line begins in {@link #buffer}. */
    int from() {
        return from;
    }

    /** Where the line ends, without its newline. */
    int to() {
        return to;
    }

    /** False for a last line without a newline. */
    boolean isEnded() {
        return ended;
    }

    /** How far into the file the lines seen so far reach. */
    long consumedBytes() {
        return consumed;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
