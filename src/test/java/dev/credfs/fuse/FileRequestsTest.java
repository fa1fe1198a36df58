package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.Errno;
import dev.credfs.procfs.Processes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests as the kernel lays them out, and the answers in their place. */
final class FileRequestsTest {
    private static final int BUFFER_BYTES = 4096;
    private static final long NODEID = 7;
    private static final long UNIQUE = 0x1122334455667788L;
    private static final long OWNER = 42;
    private static final int OPEN_BYTES = Protocol.IN_HEADER_BYTES + 8;
    private static final int READ_BYTES = Protocol.IN_HEADER_BYTES + 40;
    private static final int RELEASE_BYTES = Protocol.IN_HEADER_BYTES + 24;
    private static final int BODY = Protocol.OUT_HEADER_BYTES;

    private final List<AuditEvent> record = new ArrayList<>();
    private final Map<Operation, Class<? extends Throwable>> faults = new HashMap<>();
    private final FileRequests files =
            new FileRequests(MountedTree.mint(record::add), new Processes(Path.of("/proc")), Faults.of(faults), 2);
    private final Pointer buffer = Memory.allocateDirect(Native.RUNTIME, BUFFER_BYTES);

    @BeforeEach
    void lookUpTheToken() {
        files.nodes().found(Protocol.ROOT, "github", NODEID - 1);
        files.nodes().found(NODEID - 1, "token", NODEID);
    }

    private void begin(int opcode, int lengthBytes, long nodeid) {
        buffer.setMemory(0, BUFFER_BYTES, (byte) -1);
        buffer.putInt(Protocol.LENGTH, lengthBytes);
        buffer.putInt(Protocol.OPCODE, opcode);
        buffer.putLong(Protocol.UNIQUE, UNIQUE);
        buffer.putLong(Protocol.NODEID, nodeid);
        buffer.putInt(Protocol.UID, Native.LIBC.geteuid());
        buffer.putInt(Protocol.UID + 4, Native.LIBC.getegid());
        buffer.putInt(Protocol.UID + 8, (int) ProcessHandle.current().pid());
    }

    private int answer(int receivedBytes) {
        int answerBytes = files.answer(buffer, receivedBytes, files.interrupts());
        assertThat(buffer.getInt(Protocol.LENGTH)).isEqualTo(answerBytes);
        assertThat(buffer.getLong(Protocol.UNIQUE)).isEqualTo(UNIQUE);
        return answerBytes;
    }

    private void refused(int receivedBytes, Errno errno) {
        assertThat(answer(receivedBytes)).isEqualTo(Protocol.OUT_HEADER_BYTES);
        assertThat(buffer.getInt(Protocol.ERROR)).isEqualTo(-errno.number());
    }

    private void beginOpen(int flags) {
        begin(Protocol.OPEN, OPEN_BYTES, NODEID);
        buffer.putInt(Protocol.IN_HEADER_BYTES, flags);
    }

    private long open() {
        beginOpen(Native.O_RDONLY);
        assertThat(answer(OPEN_BYTES)).isEqualTo(BODY + 16);
        assertThat(buffer.getInt(Protocol.ERROR)).isZero();
        return buffer.getLong(BODY);
    }

    private void beginRead(long handle, long offset, int sizeBytes, long lockOwner) {
        begin(Protocol.READ, READ_BYTES, NODEID);
        buffer.putLong(Protocol.IN_HEADER_BYTES, handle);
        buffer.putLong(Protocol.IN_HEADER_BYTES + 8, offset);
        buffer.putInt(Protocol.IN_HEADER_BYTES + 16, sizeBytes);
        buffer.putLong(Protocol.IN_HEADER_BYTES + 24, lockOwner);
    }

    private byte[] read(long handle, long offset, int sizeBytes) {
        beginRead(handle, offset, sizeBytes, OWNER);
        byte[] content = new byte[answer(READ_BYTES) - BODY];
        assertThat(buffer.getInt(Protocol.ERROR)).isZero();
        buffer.get(BODY, content, 0, content.length);
        return content;
    }

    private void beginRelease(long handle) {
        begin(Protocol.RELEASE, RELEASE_BYTES, NODEID);
        buffer.putLong(Protocol.IN_HEADER_BYTES, handle);
    }

    /** Without FOPEN_DIRECT_IO the kernel would keep the bytes for the next caller. */
    @Test
    void openAnswersAHandleAndDirectIoAlone() {
        assertThat(open()).isPositive();
        assertThat(buffer.getLong(BODY + 8)).isEqualTo(1);
    }

    @Test
    void readAnswersTheSliceAndNothingBehindIt() {
        long handle = open();
        byte[] whole = read(handle, 0, BUFFER_BYTES);
        assertThat(whole).isNotEmpty();
        assertThat(read(handle, 3, 5)).containsExactly(whole[3], whole[4], whole[5], whole[6], whole[7]);
        assertThat(read(handle, whole.length - 1, 5)).containsExactly(whole[whole.length - 1]);
        assertThat(read(handle, whole.length, 5)).isEmpty();
        assertThat(read(handle, Long.MAX_VALUE, 5)).isEmpty();
        // 4 GiB less a byte, more than any buffer
        assertThat(read(handle, 0, -1)).isEqualTo(whole);
    }

    @Test
    void releasedHandleIsReadNoMore() {
        long handle = open();
        beginRelease(handle);
        assertThat(answer(RELEASE_BYTES)).isEqualTo(Protocol.OUT_HEADER_BYTES);
        assertThat(buffer.getInt(Protocol.ERROR)).isZero();
        beginRead(handle, 0, 10, OWNER);
        refused(READ_BYTES, Errno.EIO);
    }

    @Test
    void openThatNobodyWaitsForIsReleased() {
        long handle = open();
        files.takeBack(buffer);
        beginRead(handle, 0, 10, OWNER);
        refused(READ_BYTES, Errno.EIO);
        beginOpen(Native.O_WRONLY);
        refused(OPEN_BYTES, Errno.EROFS);
        files.takeBack(buffer);
        assertThat(record).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {Native.O_WRONLY, Native.O_RDWR, Native.O_ACCMODE, Native.O_TRUNC, Native.O_CREAT})
    void openForAnythingButReadingIsRefused(int flags) {
        beginOpen(flags);
        refused(OPEN_BYTES, Errno.EROFS);
        assertThat(record).isEmpty();
    }

    @Test
    void readThatFillsThePageCacheIsRefused() {
        long handle = open();
        beginRead(handle, 0, 10, 0);
        refused(READ_BYTES, Errno.EINVAL);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Probe.HANDLE})
    void readOfAHandleThatNoOpenGaveOutIsABug(long handle) {
        beginRead(handle, 0, 10, OWNER);
        refused(READ_BYTES, Errno.EIO);
        assertThat(record).singleElement().isInstanceOf(AuditEvent.Fault.class);
    }

    @Test
    void nodeThatTheKernelWasNotToldIsStale() {
        files.nodes().forget(NODEID, 1);
        beginOpen(Native.O_RDONLY);
        refused(OPEN_BYTES, Errno.ESTALE);
        beginRead(1, 0, 10, OWNER);
        refused(READ_BYTES, Errno.ESTALE);
        assertThat(record).isEmpty();
    }

    @Test
    void requestThatIsCutOffIsABugWhateverLiesBehindIt() {
        beginOpen(Native.O_RDONLY);
        refused(OPEN_BYTES - 1, Errno.EIO);
        begin(Protocol.OPEN, OPEN_BYTES - 1, NODEID);
        refused(OPEN_BYTES - 1, Errno.EIO);
        beginRead(1, 0, 10, OWNER);
        refused(READ_BYTES - 1, Errno.EIO);
        beginRelease(1);
        refused(RELEASE_BYTES + 1, Errno.EIO);
        assertThat(record).hasSize(4).allMatch(AuditEvent.Fault.class::isInstance);
    }

    @Test
    void callerInAnotherPidNamespaceIsRefused() {
        beginOpen(Native.O_RDONLY);
        buffer.putInt(Protocol.UID + 8, 0);
        refused(OPEN_BYTES, Errno.EACCES);
        assertThat(record).singleElement().isInstanceOf(AuditEvent.RefusedUnclear.class);
    }

    @Test
    void drainingLetsWhatIsOpenBeReadAndReleased() {
        long handle = open();
        files.drain();
        beginOpen(Native.O_RDONLY);
        assertThat(answer(OPEN_BYTES)).isEqualTo(Protocol.OUT_HEADER_BYTES);
        assertThat(buffer.getInt(Protocol.ERROR)).isNegative();
        assertThat(read(handle, 0, BUFFER_BYTES)).isNotEmpty();
        beginRelease(handle);
        assertThat(answer(RELEASE_BYTES)).isEqualTo(Protocol.OUT_HEADER_BYTES);
    }

    @Test
    void whateverIsThrownIsEioAndOnTheRecord() {
        faults.put(Operation.OPEN, OutOfMemoryError.class);
        beginOpen(Native.O_RDONLY);
        refused(OPEN_BYTES, Errno.EIO);
        assertThat(record).singleElement().isInstanceOf(AuditEvent.Fault.class);
    }
}
