package dev.credfs.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The supervisor that started this process and waits to be told that it is ready: the receiving end of sd_notify(3). It is
 * reached through the C library, because Java's Unix sockets know no datagrams.
 */
public final class Supervisor {
    // sockaddr_un, unix(7)
    private static final int FAMILY_BYTES = 2;
    private static final int PATH_BYTES = 108;

    private final byte[] address;

    private Supervisor(byte[] address) {
        this.address = address;
    }

    /**
     * The supervisor that {@code NOTIFY_SOCKET} names: an absolute path, or {@code @} and an abstract name. Without it there
     * is none, and nobody to tell.
     */
    public static Supervisor of(Map<String, String> environment) {
        return new Supervisor(environment.getOrDefault("NOTIFY_SOCKET", "").getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Sends one message, such as {@code READY=1}; does not wait for a supervisor that is slow to take it.
     *
     * @return false if there is a supervisor and it was not reached
     */
    public boolean tell(String message) {
        if (address.length == 0) {
            return true;
        }
        if ((address[0] != '/' && address[0] != '@') || address.length > PATH_BYTES - 1) {
            return false;
        }
        // A send to a connected socket, not sendto: see LibC.splice on calls with six arguments.
        int socket = Native.LIBC.socket(Native.AF_UNIX, Native.SOCK_DGRAM | Native.SOCK_CLOEXEC, 0);
        if (socket < 0) {
            return false;
        }
        try {
            byte[] to = socketAddress();
            byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
            return Native.LIBC.connect(socket, to, to.length) == 0
                    && Native.LIBC.send(socket, bytes, bytes.length, Native.MSG_DONTWAIT | Native.MSG_NOSIGNAL)
                            == bytes.length;
        } finally {
            Native.LIBC.close(socket);
        }
    }

    /** An abstract name begins with NUL and ends with the address; a path ends with NUL. */
    private byte[] socketAddress() {
        boolean isAbstract = address[0] == '@';
        ByteBuffer bytes = ByteBuffer.allocate(FAMILY_BYTES + address.length + (isAbstract ? 0 : 1))
                .order(ByteOrder.nativeOrder())
                .putShort((short) Native.AF_UNIX)
                .put(address);
        if (isAbstract) {
            bytes.put(FAMILY_BYTES, (byte) 0);
        }
        return bytes.array();
    }
}
