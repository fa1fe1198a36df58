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
        for (int bufferBytes = 0; bufferBytes <= CONTENT.length + 3; bufferBytes++) {
            for (int from = 0; from <= CONTENT.length; from++) {
                Pointer memory = Memory.allocateDirect(Native.RUNTIME, bufferBytes + GUARD_BYTES);
                memory.setMemory(0, bufferBytes + GUARD_BYTES, (byte) '#');
                int length = CONTENT.length - from;
                int count = Reply.copy(CONTENT, from, length, memory, bufferBytes);
                assertThat(count).isEqualTo(Math.min(bufferBytes, length));
                for (int i = 0; i < bufferBytes + GUARD_BYTES; i++) {
                    assertThat(memory.getByte(i)).isEqualTo(i < count ? CONTENT[from + i] : (byte) '#');
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
