package dev.credfs.gateway;

import dev.credfs.audit.AuditEvent;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;

/**
 * Bytes between a client and a host that is no upstream, both ways, as they come; nobody reads them. A side that has said
 * its last word can still be answered.
 */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class Tunnel {
    private static final Duration LINGER = Duration.ofSeconds(2);
    private static final String CLOSED = "closed";

    private final Desk desk;
    private final Channel client;
    private final Channel host;
    private final Authority to;
    private final long number;
    private final Instant began;
    private final Deadline deadline;
    private long sentBytes;
    private long receivedBytes;
    private int finishedSides;
    private boolean over;

    private Tunnel(Desk desk, Channel client, Channel host, Authority to, long number, Instant began) {
        this.desk = desk;
        this.client = client;
        this.host = host;
        this.to = to;
        this.number = number;
        this.began = began;
        this.deadline = new Deadline(client.eventLoop());
    }

    /**
     * Records that a tunnel is opened, opens it, and lets bytes pass.
     *
     * @param client not read for the moment
     * @param ready run when the other side is there: takes from the client's pipeline whatever is in it
     * @param failed told why there is no tunnel
     */
    static void open(Channel client, Desk desk, Peer peer, Way.Past way, Runnable ready, Consumer<Problem> failed) {
        long number = desk.nextRequest();
        Instant began = desk.clock().instant();
        AuditEvent opened = new AuditEvent.TunnelOpened(began, number, way.to().toString(), peer.describe());
        Consumer<RefusedException> refused = why -> {
            Problem problem = Problem.of(why.failure(), why.why());
            desk.metrics().refused(problem);
            failed.accept(problem);
        };
        desk.recorder()
                .record(
                        opened,
                        client.eventLoop(),
                        () -> desk.upstreams()
                                .reach(
                                        way.to(),
                                        way.privateNetwork(),
                                        client.eventLoop(),
                                        channel -> channel.config().setAutoRead(false),
                                        host -> join(new Tunnel(desk, client, host, way.to(), number, began), ready),
                                        why -> {
                                            ended(desk, number, way.to(), began, 0, 0, why.why(), client);
                                            refused.accept(why);
                                        }),
                        refused);
    }

    private static void join(Tunnel tunnel, Runnable ready) {
        if (!tunnel.client.isActive()) {
            // It went before the tunnel was there, and nobody else would notice: its pipeline is empty.
            tunnel.end(CLOSED);
            return;
        }
        tunnel.client.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        tunnel.host.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        tunnel.host.pipeline().addLast(tunnel.new Side(tunnel.client, false));
        tunnel.client.pipeline().addLast(tunnel.new Side(tunnel.host, true));
        ready.run();
        tunnel.waitForBytes();
        tunnel.client.config().setAutoRead(true);
        tunnel.host.config().setAutoRead(true);
    }

    /** One end: what comes in goes to the other. */
    private final class Side extends ChannelInboundHandlerAdapter {
        private final Channel other;
        private final boolean isClient;

        Side(Channel other, boolean isClient) {
            this.other = other;
            this.isClient = isClient;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (over || !(message instanceof ByteBuf bytes)) {
                ReferenceCountUtil.release(message);
                return;
            }
            if (isClient) {
                sentBytes += bytes.readableBytes();
            } else {
                receivedBytes += bytes.readableBytes();
            }
            other.write(bytes);
            if (!other.isWritable()) {
                ctx.channel().config().setAutoRead(false);
            }
            waitForBytes();
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            other.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            other.config().setAutoRead(ctx.channel().isWritable());
            waitForBytes();
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof ChannelInputShutdownEvent) {
                finishedSides++;
                other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
                    if (finishedSides == 2) {
                        end(CLOSED);
                    } else if (other instanceof DuplexChannel duplex) {
                        duplex.shutdownOutput().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
                    }
                });
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            end(CLOSED);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            end("the connection broke");
        }
    }

    private void waitForBytes() {
        Duration limit =
                client.isWritable() ? desk.limits().stream() : desk.limits().slowReader();
        deadline.set(limit, () -> end("no byte in time"));
    }

    /** Closes both sides, each when it has what was written to it, or soon. */
    private void end(String why) {
        if (over) {
            return;
        }
        over = true;
        deadline.set(LINGER, () -> {
            client.close();
            host.close();
        });
        for (Channel side : new Channel[] {client, host}) {
            side.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }
        ended(desk, number, to, began, sentBytes, receivedBytes, why, client);
    }

    private static void ended(
            Desk desk,
            long number,
            Authority to,
            Instant began,
            long sentBytes,
            long receivedBytes,
            String why,
            Channel client) {
        Instant now = desk.clock().instant();
        desk.recorder()
                .recordSoon(
                        new AuditEvent.TunnelEnded(
                                now,
                                number,
                                to.toString(),
                                sentBytes,
                                receivedBytes,
                                Duration.between(began, now),
                                why),
                        client.eventLoop());
    }
}
