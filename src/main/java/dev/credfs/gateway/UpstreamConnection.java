package dev.credfs.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One connection to an upstream, with at most one exchange on it at a time. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class UpstreamConnection extends ChannelInboundHandlerAdapter {
    /** Shorter than the time after which common servers close an idle connection (nginx 75 s, Apache 5 s, Go none). */
    private static final long IDLE_SECONDS = 30;

    private @Nullable ChannelHandlerContext context;
    private @Nullable Exchange exchange;
    private @Nullable ScheduledFuture<?> idleEnd;
    private Runnable gone = () -> {};
    private boolean used;

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    private ChannelHandlerContext context() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("the connection is not open yet");
        }
        return ctx;
    }

    void serve(Exchange next) {
        exchange = next;
    }

    /** Whether it has carried an exchange before: then it may be dead without our knowing. */
    boolean used() {
        return used;
    }

    void write(Object message) {
        context().write(message);
    }

    /** Writes bytes that are no HTTP. */
    void writeRaw(ByteBuf bytes) {
        context().pipeline().context(HttpClientCodec.class).write(bytes);
    }

    void flush() {
        context().flush();
    }

    boolean isWritable() {
        return context().channel().isWritable();
    }

    void setReading(boolean reading) {
        context().channel().config().setAutoRead(reading);
    }

    /** @param whenGone run if it ends while nobody uses it */
    void becomeIdle(Runnable whenGone) {
        exchange = null;
        used = true;
        gone = whenGone;
        setReading(true);
        idleEnd = context().executor().schedule(this::close, IDLE_SECONDS, TimeUnit.SECONDS);
    }

    /** Whether it may be used again. */
    boolean takeFromIdle() {
        gone = () -> {};
        if (idleEnd != null) {
            idleEnd.cancel(false);
            idleEnd = null;
        }
        return context().channel().isActive();
    }

    /** Ends it, whatever is on it. */
    void close() {
        exchange = null;
        gone.run();
        context().close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Exchange current = exchange;
        if (current == null) {
            // An answer that nobody asked for would become the answer to the next request.
            ReferenceCountUtil.release(message);
            close();
        } else if (message instanceof HttpResponse response) {
            boolean broken = response.decoderResult().isFailure();
            if (broken) {
                ReferenceCountUtil.release(message);
                current.upstreamBroken("its answer is not HTTP");
            } else {
                current.upstreamHead(response);
                if (message instanceof HttpContent content && exchange != null) {
                    current.upstreamContent(content);
                }
            }
        } else if (message instanceof HttpContent content) {
            if (content.decoderResult().isFailure()) {
                content.release();
                current.upstreamBroken("its answer breaks off");
            } else {
                current.upstreamContent(content);
            }
        } else if (message instanceof ByteBuf bytes) {
            current.upstreamBytes(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.upstreamReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.upstreamWritable(ctx.channel().isWritable());
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone.run();
        if (exchange != null) {
            exchange.upstreamBroken("it closed the connection");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (exchange != null) {
            exchange.upstreamBroken("the connection broke");
        }
        ctx.close();
    }
}
