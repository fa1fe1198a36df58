package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One connection of HTTP/1.1 to an upstream, with at most one exchange on it at a time. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class UpstreamConnection extends UpstreamSide {
    /** Shorter than the time after which common servers close an idle connection (nginx 75 s, Apache 5 s, Go none). */
    private static final long IDLE_SECONDS = 30;

    private final Consumer<UpstreamConnection> keep;
    private @Nullable ScheduledFuture<?> idleEnd;
    private Runnable gone = () -> {};
    private boolean used;
    private boolean keepsAlive = true;
    private boolean informational;
    private boolean sendsTrailers;

    /** @param keep takes the connection when it is free for another exchange */
    UpstreamConnection(Consumer<UpstreamConnection> keep) {
        this.keep = keep;
    }

    @Override
    boolean used() {
        return used;
    }

    @Override
    void write(Object part) {
        if (part instanceof HttpRequest head) {
            // Of a server of HTTP/1.1 nobody knows whether it takes them: who announces them knows what it is talking
            // to.
            sendsTrailers =
                    HttpUtil.isTransferEncodingChunked(head) && head.headers().contains(HttpHeaderNames.TRAILER);
        } else if (part instanceof LastHttpContent last
                && !sendsTrailers
                && !last.trailingHeaders().isEmpty()) {
            last.trailingHeaders().clear();
        }
        context().write(part);
    }

    @Override
    void writeRaw(ByteBuf bytes) {
        context().pipeline().context(HttpClientCodec.class).write(bytes);
    }

    @Override
    void done(boolean requestComplete) {
        if (keepsAlive && requestComplete) {
            keep.accept(this);
        } else {
            close();
        }
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

    @Override
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
            if (response.decoderResult().isFailure()) {
                ReferenceCountUtil.release(message);
                current.upstreamBroken("its answer is not HTTP");
            } else {
                readHead(response, current);
                if (message instanceof HttpContent content && exchange != null) {
                    readContent(content, current);
                }
            }
        } else if (message instanceof HttpContent content) {
            readContent(content, current);
        } else if (message instanceof ByteBuf bytes) {
            current.upstreamRaw(bytes);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void readHead(HttpResponse response, Exchange current) {
        HttpHeaders fields = response.headers();
        int status = response.status().code();
        if (status < 200) {
            informational = true;
            current.upstreamInformational(new ResponseHead(status, fields, -1));
            return;
        }
        try {
            boolean chunked = isChunked(fields);
            keepsAlive = HttpUtil.isKeepAlive(response);
            current.upstreamHead(new ResponseHead(status, fields, chunked ? -1 : ResponseHead.declaredLength(fields)));
        } catch (RefusedException e) {
            current.upstreamBroken(e.why());
        }
    }

    private static boolean isChunked(HttpHeaders fields) throws RefusedException {
        List<String> codings = fields.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (codings.isEmpty()) {
            return false;
        }
        if (codings.size() > 1 || !HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings.get(0))) {
            throw new RefusedException(Failure.UPSTREAM_FAILED, "the answer has a transfer coding other than chunked");
        }
        return true;
    }

    private void readContent(HttpContent content, Exchange current) {
        boolean last = content instanceof LastHttpContent;
        if (content.decoderResult().isFailure()) {
            content.release();
            current.upstreamBroken("its answer breaks off");
        } else if (informational) {
            content.release();
            informational = !last;
        } else {
            // Both before the content is given away; the end of an answer may end the use of this connection.
            current.upstreamBody(content.content());
            if (last && exchange == current) {
                current.upstreamEnd(((LastHttpContent) content).trailingHeaders());
            }
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
