package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.policy.Errno;
import org.junit.jupiter.api.Test;

final class OperationTest {
    private static final int ENOSYS = 38;

    @Test
    void everyAnswerIsANegativeErrnoAndNeverEnosys() {
        for (Operation operation : Operation.values()) {
            for (Errno errno : Errno.values()) {
                assertThat(operation.answer(errno)).isNegative().isNotEqualTo(-ENOSYS);
            }
        }
    }

    @Test
    void errnoThatAnOperationMayNotAnswerBecomesEio() {
        assertThat(Operation.GETATTR.answer(Errno.EAGAIN)).isEqualTo(-Errno.EIO.number());
        assertThat(Operation.OPEN.answer(Errno.EAGAIN)).isEqualTo(-Errno.EAGAIN.number());
    }
}
