package dev.credfs.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import org.jspecify.annotations.Nullable;

/**
 * The side of an exchange that is asked: a connection of HTTP/1.1 for as long as it carries the exchange, or one stream of
 * HTTP/2. Of one event loop.
 */
abstract sealed class UpstreamSide extends ChannelInboundHandlerAdapter permits UpstreamConnection, UpstreamStream {
    private @Nullable ChannelHandlerContext context;
    /** What is told of what comes. */
    @Nullable
    Exchange exchange;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    final ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("it is not open yet");
        }
        return ctx;
    }

    /** Tells {@code next} of what comes from here on. */
    final void serve(Exchange next) {
        exchange = next;
    }

    /** Whether its connection has carried an exchange before: then it may be dead without our knowing. */
    abstract boolean used();

    /** Writes an HTTP message: the head of a request, a piece of its body, or the last piece with its trailers. */
    abstract void write(Object part);

    /** Writes bytes that are no HTTP. */
    abstract void writeRaw(ByteBuf bytes);

    void flush() {
        context().flush();
    }

    boolean isWritable() {
        return context().channel().isWritable();
    }

    final void setReading(boolean reading) {
        context().channel().config().setAutoRead(reading);
    }

    /** Gives it back: nothing was sent, or the answer has come whole. */
    abstract void done(boolean requestComplete);

    /** Ends it, whatever is on it. */
    abstract void close();

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.upstreamReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.upstreamWritable(isWritable());
        }
    }
}
