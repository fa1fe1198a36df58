package dev.credfs.gateway;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A service that writes down every byte it gets as a request, with sockets and nothing else. */
final class RecordingUpstream implements AutoCloseable {
    /**
     * One request as it came.
     *
     * @param head request line and fields, with their CR LF
     * @param body decoded where it was chunked
     */
    record Request(String head, String body) {
        String line() {
            return head.substring(0, head.indexOf("\r\n"));
        }

        /** The value of the one field of that name, or empty. */
        String field(String name) {
            String found = "";
            for (String line : head.split("\r\n", -1)) {
                if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
                    if (!found.isEmpty()) {
                        throw new AssertionError("two fields " + name);
                    }
                    found = line.substring(line.indexOf(':') + 1).strip();
                }
            }
            return found;
        }
    }

    /** What is answered; may close or hold the socket instead. */
    interface Answer {
        void write(Request request, OutputStream out, Socket socket) throws IOException, InterruptedException;
    }

    final List<Request> requests = new CopyOnWriteArrayList<>();
    final AtomicInteger connections = new AtomicInteger();
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final ServerSocket server;
    private final Answer answer;
    private volatile boolean readsBody = true;

    RecordingUpstream(Answer answer) throws IOException {
        this(new ServerSocket(), "127.0.0.1", answer);
    }

    RecordingUpstream(ServerSocket socket, String address, Answer answer) throws IOException {
        this.server = socket;
        this.answer = answer;
        server.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        Thread acceptor = new Thread(this::accept, "upstream");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    /** An upstream that answers everything with 200 and this body. */
    static RecordingUpstream saying(String body) throws IOException {
        return new RecordingUpstream((request, out, socket) -> out.write(response("200 OK", body)));
    }

    static byte[] response(String status, String body, String... fields) {
        StringBuilder text = new StringBuilder("HTTP/1.1 " + status + "\r\n");
        for (String field : fields) {
            text.append(field).append("\r\n");
        }
        text.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Leaves bodies to the answer. */
    RecordingUpstream leavingBodies() {
        readsBody = false;
        return this;
    }

    int port() {
        return server.getLocalPort();
    }

    int openConnections() {
        return open.size();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                open.add(socket);
                connections.incrementAndGet();
                Thread thread = new Thread(() -> serve(socket), "upstream connection");
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            while (true) {
                String head = head(in);
                if (head.isEmpty()) {
                    return;
                }
                Request request = new Request(head, readsBody ? body(head, in) : "");
                requests.add(request);
                answer.write(request, out, socket);
                out.flush();
            }
        } catch (IOException | InterruptedException e) {
            // The other side went away, or the test is over.
            return;
        } finally {
            open.remove(socket);
        }
    }

    private static String head(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        int matched = 0;
        while (matched < 4) {
            int b = in.read();
            if (b < 0) {
                return "";
            }
            head.write(b);
            matched = b == "\r\n\r\n".charAt(matched) ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return head.toString(StandardCharsets.ISO_8859_1);
    }

    private static String body(String head, InputStream in) throws IOException {
        Request request = new Request(head, "");
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (request.field("transfer-encoding").equalsIgnoreCase("chunked")) {
            while (true) {
                int size = Integer.parseInt(line(in), 16);
                body.write(in.readNBytes(size));
                line(in);
                if (size == 0) {
                    break;
                }
            }
        } else if (!request.field("content-length").isEmpty()) {
            body.write(in.readNBytes(Integer.parseInt(request.field("content-length"))));
        }
        return body.toString(StandardCharsets.ISO_8859_1);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int b = in.read();
        while (b != '\n') {
            if (b < 0) {
                throw new IOException("the body breaks off");
            }
            if (b != '\r') {
                line.append((char) b);
            }
            b = in.read();
        }
        return line.toString();
    }

    @Override
    public void close() {
        try {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
