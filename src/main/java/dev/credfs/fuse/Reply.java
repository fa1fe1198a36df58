package dev.credfs.fuse;

import java.util.Objects;
import jnr.ffi.Pointer;

/** The bytes of one read reply. */
final class Reply {
    private Reply() {}

    /**
     * Copies content into the kernel's buffer: {@code min(bufferBytes, lengthBytes)} bytes, never more. This is the
     * only place that writes to a read buffer, because the heap behind it is native: what goes past its end kills the
     * process, or worse.
     *
     * @return the number of bytes copied, which is what {@code read} returns
     */
    static int copy(byte[] content, int from, int lengthBytes, Pointer buffer, long bufferBytes) {
        Objects.checkFromIndexSize(from, lengthBytes, content.length);
        int count = (int) Math.max(0, Math.min(bufferBytes, lengthBytes));
        buffer.put(0, content, from, count);
        return count;
    }
}
