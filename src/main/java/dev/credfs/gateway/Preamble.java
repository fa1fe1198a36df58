package dev.credfs.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;

/** Waits for the first byte, which says whether TLS follows or HTTP. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class Preamble extends ByteToMessageDecoder {
    /** The type of a TLS record that carries a handshake (RFC 8446 §5.1); no method of HTTP begins with it. */
    private static final byte HANDSHAKE = 0x16;

    private final Desk desk;
    private final Peer peer;
    private final Approach approach;
    private final Deadline deadline;

    private Preamble(Desk desk, Peer peer, Approach approach, Deadline deadline) {
        this.desk = desk;
        this.peer = peer;
        this.approach = approach;
        this.deadline = deadline;
    }

    /** @param approach what is known of the connection before its first byte */
    static void await(Channel channel, Desk desk, Peer peer, Approach approach) {
        Deadline deadline = new Deadline(channel.eventLoop());
        deadline.set(desk.limits().head(), channel::close);
        channel.pipeline().addLast(new Preamble(desk, peer, approach, deadline));
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (in.getByte(in.readerIndex()) == HANDSHAKE) {
            Handshake.await(ctx.channel(), desk, peer, approach);
        } else {
            ClientConnection.serve(ctx.channel(), desk, peer, approach);
        }
        // What has come goes to whoever comes next.
        ctx.pipeline().remove(this);
    }

    @Override
    protected void handlerRemoved0(ChannelHandlerContext ctx) {
        deadline.cancel();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
