package dev.credfs.fuse;

import java.util.Objects;
import jnr.ffi.Pointer;

/** The bytes of one read reply. */
final class Reply {
    private Reply() {}

    /**
     * Copies content behind the header of an answer: {@code min(roomBytes, lengthBytes)} bytes, never more. This is the
     * only place that writes content to native memory: what goes past its end kills the process, or worse.
     *
     * @return the number of bytes copied, which is what {@code read} returns
     */
    static int copy(byte[] content, int from, int lengthBytes, Pointer buffer, long roomBytes) {
        Objects.checkFromIndexSize(from, lengthBytes, content.length);
        int count = (int) Math.max(0, Math.min(roomBytes, lengthBytes));
        buffer.put(Protocol.OUT_HEADER_BYTES, content, from, count);
        return count;
    }
}
