package dev.credfs.gateway;

import static dev.credfs.gateway.GatewayFixture.CREDENTIAL;
import static dev.credfs.gateway.GatewayFixture.token;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.RefusedException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerProtocolHandler;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketServerCompressionHandler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A WebSocket through the gateway, between a client and a server that know nothing of it. */
@Timeout(60)
final class WebSocketTest {
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String PROOF = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    @TempDir
    private Path directory;

    /** A server that echoes frames as they come, and tells what its handshake looked like. */
    @SuppressWarnings("FutureReturnValueIgnored")
    private static final class EchoServer implements AutoCloseable {
        final BlockingQueue<String> authorizations = new LinkedBlockingQueue<>();
        private final MultiThreadIoEventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        private final Channel channel;

        EchoServer() {
            channel = new ServerBootstrap()
                    .group(loops)
                    .channel(EpollServerSocketChannel.class)
                    .childHandler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel accepted) {
                            accepted.pipeline()
                                    .addLast(
                                            new HttpServerCodec(),
                                            new HttpObjectAggregator(65536),
                                            new WebSocketServerCompressionHandler(0),
                                            new WebSocketServerProtocolHandler("/echo", "chat", true, 4 << 20),
                                            new Echo());
                        }
                    })
                    .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .syncUninterruptibly()
                    .channel();
        }

        int port() {
            return ((InetSocketAddress) channel.localAddress()).getPort();
        }

        private final class Echo extends SimpleChannelInboundHandler<WebSocketFrame> {
            @Override
            protected void channelRead0(ChannelHandlerContext ctx, WebSocketFrame frame) {
                ctx.writeAndFlush(frame.retain()).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
            }

            @Override
            public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
                if (event instanceof WebSocketServerProtocolHandler.HandshakeComplete shaken) {
                    authorizations.add(shaken.requestHeaders().get("authorization"));
                }
            }
        }

        @Override
        public void close() {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    /** What the client hears: whole messages, pongs, and how it ended. */
    private static final class Heard implements WebSocket.Listener {
        private static final CompletionStage<?> DONE = CompletableFuture.completedFuture("");
        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final StringBuilder text = new StringBuilder();
        private final ByteArrayOutputStream binary = new ByteArrayOutputStream();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                messages.add(text.toString());
                text.setLength(0);
            }
            socket.request(1);
            return DONE;
        }

        @Override
        public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            binary.writeBytes(bytes);
            if (last) {
                messages.add("binary " + Arrays.hashCode(binary.toByteArray()));
            }
            socket.request(1);
            return DONE;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer message) {
            messages.add("pong");
            socket.request(1);
            return DONE;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
            messages.add("closed " + status);
            return DONE;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            messages.add("broken");
        }

        String next() throws InterruptedException {
            String message = messages.poll(10, TimeUnit.SECONDS);
            return message == null ? "nothing" : message;
        }
    }

    private static WebSocket open(GatewayFixture gateway, String path, String token, Heard heard) {
        return HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + token)
                .subprotocols("other", "chat")
                .buildAsync(URI.create("ws://127.0.0.1:" + gateway.port() + path), heard)
                .join();
    }

    @Test
    void messagesPassBothWaysWithTheCredentialInTheHandshakeAndAreOnTheRecord() throws Exception {
        try (EchoServer server = new EchoServer();
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", server.port())
                        .start()) {
            Heard heard = new Heard();
            WebSocket socket = open(gateway, "/api/echo", token("method = GET", "path = /echo"), heard);
            assertThat(server.authorizations.poll(10, TimeUnit.SECONDS)).isEqualTo("Bearer " + CREDENTIAL);
            assertThat(socket.getSubprotocol()).isEqualTo("chat");
            // Its end looks like the beginning of the credential, and must not wait for another message.
            socket.sendText("hello ghp_", true).join();
            assertThat(heard.next()).isEqualTo("hello ghp_");
            socket.sendText("in ", false).join();
            socket.sendText("parts", true).join();
            assertThat(heard.next()).isEqualTo("in parts");
            socket.sendPing(ByteBuffer.wrap(new byte[] {1})).join();
            assertThat(heard.next()).isEqualTo("pong");
            byte[] large = new byte[1 << 20];
            Arrays.fill(large, (byte) 'g');
            socket.sendBinary(ByteBuffer.wrap(large), true).join();
            assertThat(heard.next()).isEqualTo("binary " + Arrays.hashCode(large));
            socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
            assertThat(heard.next()).isEqualTo("closed 1000");
            GatewayFixture.eventually(
                    () -> !gateway.log.of(AuditEvent.Answered.class).isEmpty());
            AuditEvent.Answered answered =
                    gateway.log.of(AuditEvent.Answered.class).get(0);
            assertThat(answered.status()).isEqualTo(101);
            assertThat(answered.requestBytes()).isGreaterThan(large.length);
            assertThat(answered.responseBytes()).isGreaterThan(large.length);
            assertThat(gateway.log.of(AuditEvent.Spent.class)).hasSize(1);
        }
    }

    @Test
    void openOneOutlivesItsToken() throws Exception {
        try (EchoServer server = new EchoServer();
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", server.port())
                        .start()) {
            Heard heard = new Heard();
            WebSocket socket = open(gateway, "/api/echo", token(), heard);
            gateway.nowOrLater = Instant.now().plus(Duration.ofMinutes(6));
            socket.sendText("still here", true).join();
            assertThat(heard.next()).isEqualTo("still here");
            socket.abort();
        }
    }

    @Test
    void messageThatHoldsTheCredentialDoesNotPassAlsoInParts() throws Exception {
        try (EchoServer server = new EchoServer();
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", server.port())
                        .start()) {
            for (int cut : new int[] {0, 4, 20}) {
                Heard heard = new Heard();
                WebSocket socket = open(gateway, "/api/echo", token(), heard);
                if (cut > 0) {
                    socket.sendText(CREDENTIAL.substring(0, cut), false).join();
                }
                socket.sendText(CREDENTIAL.substring(cut), true).join();
                assertThat(heard.next()).isIn("broken", "closed 1006");
                assertThat(heard.text.toString()).doesNotContain(CREDENTIAL.substring(0, 5));
            }
        }
    }

    @Test
    void isRefusedWhereTheRouteDoesNotAllowItAndWithoutAToken() throws Exception {
        try (EchoServer server = new EchoServer();
                GatewayFixture gateway = new GatewayFixture(directory)
                        .route("closed", server.port(), new Placement.Bearer())
                        .webSocketRoute("api", server.port())
                        .start()) {
            assertThatThrownBy(() -> open(gateway, "/closed/echo", token(), new Heard()))
                    .isInstanceOf(CompletionException.class)
                    .cause()
                    .isInstanceOfSatisfying(
                            WebSocketHandshakeException.class,
                            refused -> assertThat(refused.getResponse().statusCode())
                                    .isEqualTo(403));
            assertThatThrownBy(() -> open(gateway, "/api/echo", token("path = /other"), new Heard()))
                    .cause()
                    .isInstanceOfSatisfying(
                            WebSocketHandshakeException.class,
                            refused -> assertThat(refused.getResponse().statusCode())
                                    .isEqualTo(403));
            try (RawClient client = gateway.unix()) {
                assertThat(client.send(handshake("/api/echo", "").replaceAll("Authorization.*\r\n", ""))
                                .reply()
                                .status())
                        .isEqualTo(401);
            }
            assertThat(server.authorizations).isEmpty();
        }
    }

    private static String handshake(String path, String token, String... fields) {
        return "GET " + path + " HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer " + token
                + "\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: " + KEY + "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"
                + String.join("", fields) + "\r\n";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET:POST",
                "websocket:websocket, h2c",
                "13:12",
                KEY + ":short",
                KEY + ":" + KEY + "\r\nSec-WebSocket-Key: " + KEY,
                "Host:Content-Length: 1\r\nHost"
            })
    void handshakeThatIsNotOneIsMalformed(String change) throws Exception {
        int colon = change.indexOf(':');
        try (RecordingUpstream upstream = RecordingUpstream.saying("no");
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", upstream.port())
                        .start();
                RawClient client = gateway.unix()) {
            String request = handshake("/api/x", token())
                    .replaceFirst(Pattern.quote(change.substring(0, colon)), change.substring(colon + 1));
            assertThat(client.send(request).reply().status()).isEqualTo(400);
            assertThat(upstream.requests).isEmpty();
        }
    }

    private static String consent(String... fields) {
        return "HTTP/1.1 101 Switching Protocols\r\n" + String.join("\r\n", fields) + "\r\n\r\n";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                "Connection: Upgrade|Upgrade: websocket",
                "Connection: Upgrade|Upgrade: h2c|Sec-WebSocket-Accept: " + PROOF,
                "Upgrade: websocket|Sec-WebSocket-Accept: " + PROOF,
                "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Extensions: permessage-deflate|Sec-WebSocket-Accept: "
                        + PROOF,
                "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Protocol: chat|Sec-WebSocket-Accept: " + PROOF,
                "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Accept: " + PROOF + "|X-Echo: " + CREDENTIAL
            })
    void consentThatIsNotOneIsABadGateway(String fields) throws Exception {
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) ->
                        out.write(consent(fields.split("\\|")).getBytes(StandardCharsets.US_ASCII)));
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", upstream.port())
                        .start();
                RawClient client = gateway.unix()) {
            assertThat(client.send(handshake("/api/x", token())).reply().status())
                    .isEqualTo(502);
            assertThat(upstream.requests.get(0).head())
                    .containsIgnoringCase("\r\nconnection: upgrade\r\n")
                    .doesNotContain("permessage-deflate");
        }
    }

    @Test
    void upstreamThatDeclinesAnswersAsAlways() throws Exception {
        try (RecordingUpstream upstream = RecordingUpstream.saying("no websocket here");
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", upstream.port())
                        .start();
                RawClient client = gateway.unix()) {
            for (int i = 0; i < 2; i++) {
                RawClient.Reply reply =
                        client.send(handshake("/api/x", token())).reply();
                assertThat(reply.status()).isEqualTo(200);
                assertThat(reply.body()).isEqualTo("no websocket here");
            }
        }
    }

    @Test
    void whoeverIsSlowStopsTheOther() throws Exception {
        Limits limits = new Limits(
                Duration.ofSeconds(1),
                Duration.ofSeconds(5),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                100,
                100);
        AtomicLong written = new AtomicLong();
        try (RecordingUpstream upstream = new RecordingUpstream((request, out, socket) -> {
                    out.write(consent("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: " + PROOF)
                            .getBytes(StandardCharsets.US_ASCII));
                    byte[] frame = new byte[4 + 60_000];
                    frame[0] = (byte) 0x82;
                    frame[1] = 126;
                    frame[2] = (byte) (60_000 >> 8);
                    frame[3] = (byte) 60_000;
                    while (true) {
                        out.write(frame);
                        written.addAndGet(frame.length);
                    }
                });
                GatewayFixture gateway = new GatewayFixture(directory)
                        .limits(limits)
                        .webSocketRoute("api", upstream.port())
                        .start();
                RawClient client = gateway.unix()) {
            client.send(handshake("/api/x", token()));
            GatewayFixture.eventually(() -> upstream.openConnections() == 0 && !upstream.requests.isEmpty());
            assertThat(written.get()).isBetween(60_000L, 64L << 20);
        }
    }

    @Test
    void clientThatGoesAwayTakesItsWebSocketWithIt() throws Exception {
        try (EchoServer server = new EchoServer();
                GatewayFixture gateway = new GatewayFixture(directory)
                        .webSocketRoute("api", server.port())
                        .start()) {
            for (int i = 0; i < 20; i++) {
                open(gateway, "/api/echo", token(), new Heard()).abort();
            }
            GatewayFixture.eventually(
                    () -> gateway.log.of(AuditEvent.Answered.class).size() == 20);
        }
    }

    private static String outcome(byte[]... parts) {
        FramedBody search = new FramedBody(CredentialSearch.of(GatewayFixture.credential()));
        ByteArrayOutputStream passed = new ByteArrayOutputStream();
        try {
            for (byte[] part : parts) {
                ByteBuf go = search.admit(Unpooled.copiedBuffer(part), false);
                byte[] bytes = new byte[go.readableBytes()];
                go.readBytes(bytes);
                passed.writeBytes(bytes);
            }
            return passed.toString(StandardCharsets.ISO_8859_1);
        } catch (RefusedException e) {
            return e.why() + passed.toString(StandardCharsets.ISO_8859_1);
        } finally {
            search.release();
        }
    }

    private static byte[] frames(Object... firstBytesAndTexts) throws IOException {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 0; i < firstBytesAndTexts.length; i += 2) {
            byte[] text = ((String) firstBytesAndTexts[i + 1]).getBytes(StandardCharsets.ISO_8859_1);
            frames.write((Integer) firstBytesAndTexts[i]);
            if (text.length > 125) {
                frames.write(126);
                frames.write(text.length >> 8);
            }
            frames.write(text.length);
            frames.write(text);
        }
        return frames.toByteArray();
    }

    @Test
    void framesPassUnchangedAtEveryCutAndTheCredentialAtNone() throws Exception {
        byte[] innocent = frames(
                0x81, "ghp_", 0x81, "", 0x01, "ghp_R3al", 0x89, "ghp_", 0x80, "-", 0x82, "x".repeat(300), 0x81, "gh");
        String half = CREDENTIAL.substring(0, 9);
        String rest = CREDENTIAL.substring(9);
        List<byte[]> secrets = List.of(
                frames(0x81, "a" + CREDENTIAL),
                frames(0x01, half, 0x80, rest),
                frames(0x01, half, 0x8a, "pong", 0x00, "", 0x80, rest),
                frames(0x01, half, 0x89, CREDENTIAL, 0x80, "."),
                frames(0x88, "\u0003\u00e8" + CREDENTIAL));
        for (int cut = 0; cut <= innocent.length; cut++) {
            assertThat(outcome(Arrays.copyOf(innocent, cut), Arrays.copyOfRange(innocent, cut, innocent.length)))
                    .isEqualTo(new String(innocent, StandardCharsets.ISO_8859_1));
        }
        for (byte[] secret : secrets) {
            for (int cut = 0; cut <= secret.length; cut++) {
                assertThat(outcome(Arrays.copyOf(secret, cut), Arrays.copyOfRange(secret, cut, secret.length)))
                        .startsWith("the answer's body holds the credential")
                        .doesNotContain("ghp_R");
            }
        }
        // Two messages are two texts.
        assertThat(outcome(frames(0x81, half, 0x81, rest))).contains(half);
        assertThat(outcome(new byte[] {(byte) 0x81, (byte) 0x84})).contains("masked");
        assertThat(outcome(new byte[] {(byte) 0xc1, 4})).contains("extension");
    }
}
