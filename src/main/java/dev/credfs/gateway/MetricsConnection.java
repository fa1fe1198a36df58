package dev.credfs.gateway;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.util.concurrent.TimeUnit;

/** One scrape: a request for {@code /metrics}, its answer, and the end. Nothing here leads to an upstream. */
final class MetricsConnection extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final int MAX_REQUEST_BYTES = 8 * 1024;
    private static final int MAX_OPEN = 32;
    private static final long TIMEOUT_SECONDS = 10;

    private final Metrics metrics;

    private MetricsConnection(Metrics metrics) {
        this.metrics = metrics;
    }

    /** @param open those that are, which this becomes one of unless there are too many */
    @SuppressWarnings("FutureReturnValueIgnored")
    static void serve(Channel channel, ChannelGroup open, Metrics metrics) {
        if (open.size() >= MAX_OPEN) {
            channel.close();
            return;
        }
        open.add(channel);
        channel.pipeline()
                .addLast(
                        new ReadTimeoutHandler(TIMEOUT_SECONDS, TimeUnit.SECONDS),
                        new HttpServerCodec(),
                        new HttpObjectAggregator(MAX_REQUEST_BYTES, true),
                        new MetricsConnection(metrics));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        HttpResponseStatus status = statusFor(request);
        byte[] text = status.equals(HttpResponseStatus.OK) ? metrics.text() : new byte[0];
        DefaultFullHttpResponse answer =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, Unpooled.wrappedBuffer(text));
        answer.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, Metrics.CONTENT_TYPE)
                .set(HttpHeaderNames.CONTENT_LENGTH, text.length)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        ctx.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
    }

    private static HttpResponseStatus statusFor(FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return HttpResponseStatus.BAD_REQUEST;
        }
        if (!request.uri().split("\\?", 2)[0].equals("/metrics")) {
            return HttpResponseStatus.NOT_FOUND;
        }
        return request.method().equals(HttpMethod.GET) ? HttpResponseStatus.OK : HttpResponseStatus.METHOD_NOT_ALLOWED;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored")
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
