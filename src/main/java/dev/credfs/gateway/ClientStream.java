package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One request of a client that speaks HTTP/2, and its answer. */
// A write or a close that fails ends the stream, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientStream extends ChannelInboundHandlerAdapter implements ClientSide {
    private static final StreamBody NO_BODY = new StreamBody(0);

    private final ClientStreams connection;
    private final Channel channel;
    private final Deadline deadline;
    /** What came before anybody wanted it; with reading off that is one frame. */
    private final ArrayDeque<HttpContent> early = new ArrayDeque<>();

    private @Nullable Exchange exchange;
    private StreamBody body = NO_BODY;
    private boolean begun;
    private boolean bodyWanted;
    private boolean unreadable;
    private boolean requestIsWhole;
    private boolean answerIsWhole;

    ClientStream(ClientStreams connection, Channel channel) {
        this.connection = connection;
        this.channel = channel;
        this.deadline = new Deadline(channel.eventLoop());
    }

    private Desk desk() {
        return connection.desk();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        connection.streamBegins();
    }

    @Override
    public EventLoop loop() {
        return channel.eventLoop();
    }

    @Override
    public Approach approach() {
        return connection.approach();
    }

    @Override
    public LastToken lastToken() {
        return connection.lastToken();
    }

    @Override
    public void limit(Duration fromNow, Runnable expired) {
        deadline.set(fromNow, expired);
    }

    @Override
    public boolean isWritable() {
        return channel.isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        channel.config().setAutoRead(reading);
    }

    @Override
    public void readBody() {
        bodyWanted = true;
        for (HttpContent content = early.poll(); content != null; content = early.poll()) {
            pass(content);
        }
    }

    @Override
    public boolean takesTrailers(RequestHead request) {
        return true;
    }

    @Override
    public void goOn() {
        channel.writeAndFlush(new DefaultHttp2HeadersFrame(
                new DefaultHttp2Headers().status(HttpResponseStatus.CONTINUE.codeAsText())));
    }

    @Override
    public void head(ResponseHead head, Exchange of, boolean whole) {
        Http2Headers fields = StreamFields.of(head.fields()).status(Integer.toString(head.status()));
        if (head.contentLengthBytes() >= 0 && head.status() != HttpResponseStatus.NO_CONTENT.code()) {
            fields.setLong(HttpHeaderNames.CONTENT_LENGTH, head.contentLengthBytes());
        }
        write(new DefaultHttp2HeadersFrame(fields, whole), whole);
    }

    @Override
    public void body(ByteBuf bytes) {
        channel.write(new DefaultHttp2DataFrame(bytes, false));
    }

    @Override
    public void end(HttpHeaders trailers) {
        write(
                trailers.isEmpty()
                        ? new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true)
                        : new DefaultHttp2HeadersFrame(StreamFields.of(trailers), true),
                true);
    }

    private void write(Object frame, boolean last) {
        ChannelFuture written = channel.write(frame);
        if (last) {
            answerIsWhole = true;
            written.addListener(taken -> answerTaken());
        }
    }

    /** What the client had not said yet, nobody waits for. */
    private void answerTaken() {
        deadline.cancel();
        desk().slowReaders().remove(this);
        if (!requestIsWhole && channel.isActive()) {
            channel.writeAndFlush(new DefaultHttp2ResetFrame(Http2Error.NO_ERROR));
        }
    }

    @Override
    public void flush() {
        channel.flush();
    }

    @Override
    public void answer(Problem problem, Exchange of) {
        answer(
                problem,
                ProblemDocument.of(problem, of.head()),
                of.head().method().equals("HEAD"));
    }

    private void answer(Problem problem, ProblemDocument document, boolean toHead) {
        byte[] bytes = document.bytes();
        HttpHeaders described = new DefaultHttpHeaders();
        document.describe(described);
        Http2Headers fields = StreamFields.of(described)
                .status(Integer.toString(problem.failure().httpStatus()));
        fields.setInt(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
        write(new DefaultHttp2HeadersFrame(fields, toHead), toHead);
        if (!toHead) {
            write(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes), true), true);
        }
        finish();
    }

    @Override
    public void finished(Exchange of) {
        finish();
    }

    private void finish() {
        exchange = null;
        dropEarly();
        if (!channel.isActive()) {
            return;
        }
        // Counted as slow until it has taken the rest, of which its own window may let nothing out.
        desk().slowReaders().add(this);
        limit(desk().limits().slowReader(), this::abort);
        setReading(true);
        flush();
    }

    @Override
    public void abort() {
        exchange = null;
        dropEarly();
        reset(Http2Error.INTERNAL_ERROR);
    }

    private void reset(Http2Error error) {
        channel.writeAndFlush(new DefaultHttp2ResetFrame(error));
        channel.close();
    }

    @Override
    public void giveWay() {
        loop().execute(() -> {
            if (exchange != null) {
                exchange.giveWay();
            } else {
                abort();
            }
        });
    }

    @Override
    public void open(ResponseHead consent) {
        throw new IllegalStateException("HTTP/2 opens no WebSocket");
    }

    @Override
    public void writeRaw(ByteBuf bytes) {
        bytes.release();
        throw new IllegalStateException("HTTP/2 carries no WebSocket");
    }

    @Override
    public void endAfterWrites() {
        throw new IllegalStateException("HTTP/2 carries no WebSocket");
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (message instanceof Http2HeadersFrame fields && !begun) {
                begin(fields);
            } else if (message instanceof Http2HeadersFrame fields) {
                requestIsWhole = true;
                body.count(0, true);
                pass(new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, StreamFields.requestTrailers(fields.headers())));
            } else if (message instanceof Http2DataFrame data) {
                requestIsWhole = data.isEndStream();
                body.count(data.content().readableBytes(), requestIsWhole);
                ByteBuf bytes = data.content().retain();
                pass(requestIsWhole ? new DefaultLastHttpContent(bytes) : new DefaultHttpContent(bytes));
            }
        } catch (RefusedException e) {
            broken(e);
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void begin(Http2HeadersFrame frame) throws RefusedException {
        begun = true;
        requestIsWhole = frame.isEndStream();
        if (!requestIsWhole) {
            setReading(false);
        }
        RequestHead head = StreamFields.requestHead(frame.headers(), requestIsWhole);
        if (head.isOfGit()) {
            // git hangs for ever when curl asks on behind the end of an upload (git/git#1608), and curl 7.88 does in
            // HTTP/2 where
            // that end waits for the window. It asks again in HTTP/1.1 (RFC 9113, section 7): nothing is decided or
            // recorded.
            unreadable = true;
            reset(Http2Error.HTTP_1_1_REQUIRED);
            return;
        }
        body = StreamFields.requestBody(frame.headers());
        Exchange next = new Exchange(this, desk(), head, connection.peer());
        exchange = next;
        next.begin();
    }

    private void pass(HttpContent content) {
        Exchange current = exchange;
        if (current == null) {
            content.release();
        } else if (bodyWanted) {
            current.clientContent(content);
        } else {
            early.add(content);
        }
    }

    private void dropEarly() {
        for (HttpContent content = early.poll(); content != null; content = early.poll()) {
            content.release();
        }
    }

    private void broken(RefusedException refused) {
        Exchange current = exchange;
        if (current != null) {
            current.clientBroken(refused);
        } else if (!unreadable && !answerIsWhole) {
            unreadable = true;
            // Of a request that could not be read there is nothing to record but that.
            Exchange.refuseUnread(
                    desk(),
                    connection.peer(),
                    loop(),
                    refused,
                    problem -> answer(problem, ProblemDocument.of(problem), false));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        ReferenceCountUtil.release(event);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.clientReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        boolean writable = channel.isWritable();
        if (!writable) {
            desk().slowReaders().add(this);
        } else if (exchange != null) {
            desk().slowReaders().remove(this);
        }
        if (exchange != null) {
            exchange.clientWritable(writable);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.cancel();
        desk().slowReaders().remove(this);
        dropEarly();
        connection.streamEnded();
        Exchange current = exchange;
        exchange = null;
        if (current != null) {
            current.clientGone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof Http2Exception) {
            // Its stream is reset by whoever found it.
            broken(new RefusedException(Failure.REQUEST_MALFORMED, "what the client sends is not HTTP/2"));
        }
        ctx.close();
    }
}
