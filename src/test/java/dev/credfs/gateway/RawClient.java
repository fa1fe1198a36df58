package dev.credfs.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/** A connection that sends exactly the bytes it is told to. */
final class RawClient implements AutoCloseable {
    /**
     * An answer.
     *
     * @param head status line and fields
     * @param body as on the wire, decoded where it was chunked
     * @param trailers lines after the last chunk
     */
    record Reply(String head, String body, String trailers) {
        Reply(String head, String body) {
            this(head, body, "");
        }

        int status() {
            return Integer.parseInt(head.substring(9, 12));
        }

        String field(String name) {
            for (String line : head.split("\r\n", -1)) {
                if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
            return "";
        }
    }

    private final SocketChannel channel;
    private final ByteArrayOutputStream unread = new ByteArrayOutputStream();

    private RawClient(SocketAddress address) throws IOException {
        channel = SocketChannel.open(address);
    }

    static RawClient tcp(int port) throws IOException {
        return new RawClient(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    static RawClient unix(Path socket) throws IOException {
        return new RawClient(UnixDomainSocketAddress.of(socket));
    }

    RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        return this;
    }

    /** All bytes until the other side closes. */
    String readToEnd() throws IOException {
        while (fill()) {
            // On.
        }
        return take(unread.size());
    }

    /** Whether the other side has closed; waits for it, or for a byte. */
    boolean closed() throws IOException {
        return unread.size() == 0 && !fill();
    }

    private boolean fill() throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
        try {
            if (channel.read(buffer) < 0) {
                return false;
            }
        } catch (IOException e) {
            return false;
        }
        unread.write(buffer.array(), 0, buffer.position());
        return true;
    }

    private String take(int length) {
        byte[] all = unread.toByteArray();
        unread.reset();
        unread.write(all, length, all.length - length);
        return new String(all, 0, length, StandardCharsets.ISO_8859_1);
    }

    /** What comes next, and nothing at the end. */
    byte[] readSome() throws IOException {
        if (unread.size() == 0) {
            fill();
        }
        byte[] all = unread.toByteArray();
        unread.reset();
        return all;
    }

    /** At least so many bytes of what comes. */
    String readAtLeast(int length) throws IOException {
        while (unread.size() < length) {
            if (!fill()) {
                throw new IOException("closed after " + unread.size() + " bytes");
            }
        }
        return take(unread.size());
    }

    private String upTo(String end) throws IOException {
        while (true) {
            int at = unread.toString(StandardCharsets.ISO_8859_1).indexOf(end);
            if (at >= 0) {
                return take(at + end.length());
            }
            if (!fill()) {
                throw new IOException("closed before a whole answer came");
            }
        }
    }

    private String exactly(int length) throws IOException {
        while (unread.size() < length) {
            if (!fill()) {
                throw new IOException("closed in the middle of a body");
            }
        }
        return take(length);
    }

    /** One answer to a request that was no HEAD. */
    Reply reply() throws IOException {
        String head = upTo("\r\n\r\n");
        Reply reply = new Reply(head, "");
        if (reply.status() < 200 || reply.status() == 204 || reply.status() == 304) {
            return reply;
        }
        if (reply.field("transfer-encoding").equals("chunked")) {
            StringBuilder body = new StringBuilder();
            while (true) {
                String size = upTo("\r\n").strip();
                int length = Integer.parseInt(size, 16);
                if (length == 0) {
                    return new Reply(head, body.toString(), trailers());
                }
                body.append(exactly(length));
                exactly(2);
            }
        }
        String length = reply.field("content-length");
        return new Reply(head, length.isEmpty() ? readToEnd() : exactly(Integer.parseInt(length)));
    }

    private String trailers() throws IOException {
        StringBuilder trailers = new StringBuilder();
        while (true) {
            String line = upTo("\r\n");
            if (line.equals("\r\n")) {
                return trailers.toString();
            }
            trailers.append(line);
        }
    }

    Reply replyToHead() throws IOException {
        return new Reply(upTo("\r\n\r\n"), "");
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
