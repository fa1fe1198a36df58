package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The begin of TLS: reads whom the client means, and ends the TLS here, lets it pass, or refuses it. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class Handshake extends AbstractSniHandler<Void> {
    private static final int MAX_HELLO_BYTES = 16 * 1024;
    private static final Duration GOODBYE = Duration.ofSeconds(1);
    /** A record with the fatal alert unrecognized_name (RFC 6066 §3). */
    private static final byte[] UNRECOGNIZED_NAME = {0x15, 3, 3, 0, 2, 2, 112};

    private final Desk desk;
    private final Peer peer;
    private final Approach approach;
    private boolean decided;

    private Handshake(Desk desk, Peer peer, Approach approach) {
        super(MAX_HELLO_BYTES, desk.limits().head().toMillis());
        this.desk = desk;
        this.peer = peer;
        this.approach = approach;
    }

    static void await(Channel channel, Desk desk, Peer peer, Approach approach) {
        channel.pipeline().addLast(new Handshake(desk, peer, approach));
    }

    @Override
    protected Future<Void> lookup(ChannelHandlerContext ctx, @Nullable String serverName) {
        return ctx.executor().newSucceededFuture(null);
    }

    @Override
    protected void onLookupComplete(ChannelHandlerContext ctx, @Nullable String serverName, Future<Void> future) {
        if (decided) {
            return;
        }
        // What has come stays for whoever is next, and is looked at again when more comes, or the end.
        decided = true;
        try {
            Way way = desk.gate().secure(approach, serverName);
            if (way instanceof Way.Inside inside) {
                end(ctx, inside);
            } else if (way instanceof Way.Past past) {
                ctx.channel().config().setAutoRead(false);
                Tunnel.open(
                        ctx.channel(), desk, peer, past, () -> ctx.pipeline().remove(this), problem -> refuse(ctx));
            }
        } catch (RefusedException e) {
            Exchange.refuseUnread(desk, peer, ctx.channel().eventLoop(), e, problem -> refuse(ctx));
        } catch (SSLException e) {
            Exchange.refuseUnread(
                    desk,
                    peer,
                    ctx.channel().eventLoop(),
                    new RefusedException(Failure.BUG, "no TLS with the certificate that was made"),
                    problem -> refuse(ctx));
        }
    }

    private void end(ChannelHandlerContext ctx, Way.Inside inside) throws RefusedException, SSLException {
        SslHandler tls = desk.leaves().of(inside.host()).newHandler(ctx.alloc());
        tls.setHandshakeTimeoutMillis(desk.limits().head().toMillis());
        tls.setCloseNotifyFlushTimeoutMillis(GOODBYE.toMillis());
        ctx.pipeline().addLast(tls, new Negotiation(desk, peer, inside.approach()));
        ctx.pipeline().remove(this);
    }

    private static void refuse(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(Unpooled.wrappedBuffer(UNRECOGNIZED_NAME)).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
