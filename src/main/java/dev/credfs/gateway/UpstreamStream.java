package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2GoAwayFrame;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.util.ReferenceCountUtil;
import org.jspecify.annotations.Nullable;

/** One exchange on a connection of HTTP/2 to an upstream. */
// A write or a close that fails ends the stream, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class UpstreamStream extends UpstreamSide {
    private final UpstreamStreams connection;
    private final boolean used;
    private String method = "";
    private @Nullable Http2Headers waitingHead;
    private boolean headIsWhole;
    private @Nullable StreamBody answer;
    private boolean answered;
    private boolean requestIsOver;

    /** @param used whether the connection has carried an exchange before */
    UpstreamStream(UpstreamStreams connection, boolean used) {
        this.connection = connection;
        this.used = used;
    }

    @Override
    boolean used() {
        return used;
    }

    @Override
    void write(Object part) {
        if (part instanceof HttpRequest head) {
            method = head.method().name();
            waitingHead = StreamFields.of(head);
        } else if (requestIsOver) {
            ReferenceCountUtil.release(part);
        } else if (part instanceof HttpContent content) {
            boolean last = content instanceof LastHttpContent;
            HttpHeaders trailers = last ? ((LastHttpContent) content).trailingHeaders() : EmptyHttpHeaders.INSTANCE;
            boolean withBytes = content.content().isReadable();
            requestIsOver = last;
            writeHead(last && !withBytes && trailers.isEmpty());
            if (withBytes || (last && trailers.isEmpty() && !headIsWhole)) {
                context().write(new DefaultHttp2DataFrame(content.content(), last && trailers.isEmpty()));
            } else {
                content.release();
            }
            if (!trailers.isEmpty()) {
                context().write(new DefaultHttp2HeadersFrame(StreamFields.of(trailers), true));
            }
        }
    }

    /** A request without a body ends with its head: servers take one that an empty frame follows for another kind. */
    private void writeHead(boolean whole) {
        Http2Headers head = waitingHead;
        if (head == null) {
            return;
        }
        waitingHead = null;
        headIsWhole = whole;
        context().write(new DefaultHttp2HeadersFrame(head, whole)).addListener(sent -> {
            if (!sent.isSuccess()) {
                // Its connection takes no more streams.
                connection.retire();
                refused("it takes no more streams");
            }
        });
    }

    @Override
    void writeRaw(ByteBuf bytes) {
        bytes.release();
        throw new IllegalStateException("HTTP/2 carries no WebSocket");
    }

    @Override
    void flush() {
        writeHead(false);
        super.flush();
    }

    @Override
    boolean isWritable() {
        return requestIsOver || super.isWritable();
    }

    @Override
    void done(boolean requestComplete) {
        // Where the request goes on after its answer, the stream is reset.
        close();
    }

    @Override
    void close() {
        exchange = null;
        context().close();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        Exchange current = exchange;
        try {
            if (current == null) {
                return;
            }
            if (message instanceof Http2HeadersFrame fields) {
                if (answered) {
                    readTrailers(fields, current);
                } else {
                    readHead(fields, current);
                }
            } else if (message instanceof Http2DataFrame data) {
                StreamBody body = answer;
                if (body == null) {
                    current.upstreamBroken("its answer has no head");
                    return;
                }
                body.count(data.content().readableBytes(), data.isEndStream());
                current.upstreamBody(data.content().retain());
                if (data.isEndStream()) {
                    end(EmptyHttpHeaders.INSTANCE, current);
                }
            }
        } catch (RefusedException e) {
            current.upstreamBroken(e.why());
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void readHead(Http2HeadersFrame frame, Exchange current) throws RefusedException {
        ResponseHead head = StreamFields.responseHead(frame.headers());
        if (head.status() < 200) {
            if (frame.isEndStream() || head.status() == ResponseHead.SWITCHING_PROTOCOLS) {
                current.upstreamBroken("an answer of HTTP/2 that cannot be");
            } else {
                current.upstreamInformational(head);
            }
            return;
        }
        answered = true;
        StreamBody body = new StreamBody(head.isFramed(method) ? head.contentLengthBytes() : 0);
        answer = body;
        body.count(0, frame.isEndStream());
        current.upstreamHead(head);
        if (frame.isEndStream()) {
            end(EmptyHttpHeaders.INSTANCE, current);
        }
    }

    private void readTrailers(Http2HeadersFrame frame, Exchange current) throws RefusedException {
        StreamBody body = answer;
        if (body != null) {
            body.count(0, true);
        }
        end(StreamFields.trailers(frame.headers()), current);
    }

    private void end(HttpHeaders trailers, Exchange current) {
        if (exchange == current) {
            current.upstreamEnd(trailers);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof Http2ResetFrame reset) {
            reset(reset.errorCode());
        } else if (event instanceof Http2GoAwayFrame goAway) {
            goAway.release();
            connection.retire();
            refused("it goes away");
        } else {
            ReferenceCountUtil.release(event);
        }
    }

    private void reset(long code) {
        Exchange current = exchange;
        if (code == Http2Error.REFUSED_STREAM.code()) {
            refused("it refuses the stream");
        } else if (code == Http2Error.NO_ERROR.code()) {
            // It has answered and wants no more of the request; the end of its answer may still wait to be read.
            requestIsOver = true;
        } else if (current != null) {
            current.upstreamBroken("it resets the stream");
        }
    }

    private void refused(String why) {
        if (exchange != null) {
            exchange.upstreamRefused(why);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        connection.streamEnded();
        if (exchange != null) {
            exchange.upstreamBroken("it closed the connection");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (exchange != null) {
            exchange.upstreamBroken("its answer is not HTTP/2");
        }
        ctx.close();
    }
}
