package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.Test;

final class ReplyTest {
    private static final byte[] CONTENT = "0123456789".getBytes(StandardCharsets.US_ASCII);
    private static final int GUARD_BYTES = 32;

    @Test
    void copyNeverWritesPastTheBuffer() {
        int head = Protocol.OUT_HEADER_BYTES;
        for (int roomBytes = 0; roomBytes <= CONTENT.length + 3; roomBytes++) {
            for (int from = 0; from <= CONTENT.length; from++) {
                int wholeBytes = head + roomBytes + GUARD_BYTES;
                Pointer memory = Memory.allocateDirect(Native.RUNTIME, wholeBytes);
                memory.setMemory(0, wholeBytes, (byte) '#');
                int length = CONTENT.length - from;
                int count = Reply.copy(CONTENT, from, length, memory, roomBytes);
                assertThat(count).isEqualTo(Math.min(roomBytes, length));
                for (int i = 0; i < wholeBytes; i++) {
                    boolean filled = i >= head && i < head + count;
                    assertThat(memory.getByte(i)).isEqualTo(filled ? CONTENT[from + i - head] : (byte) '#');
                }
            }
        }
    }

    @Test
    void sliceThatItsContentDoesNotHaveIsABug() {
        Pointer memory = Memory.allocateDirect(Native.RUNTIME, GUARD_BYTES);
        assertThatThrownBy(() -> Reply.copy(CONTENT, 5, 6, memory, GUARD_BYTES))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }
}
