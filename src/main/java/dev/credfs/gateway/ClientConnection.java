package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One client that speaks HTTP/1.1: its requests, one after the other, and the limits it is under. */
// A write or a close that fails ends the connection, and channelInactive tells.
@SuppressWarnings("FutureReturnValueIgnored")
final class ClientConnection extends ChannelInboundHandlerAdapter implements ClientSide {
    /** After an answer that ends the connection, what the client still sends is read this long, so that it sees the answer. */
    private static final Duration LINGER = Duration.ofSeconds(2);

    private static final HttpResponseStatus CONNECTED = new HttpResponseStatus(200, "Connection established");

    private final Desk desk;
    private final Peer peer;
    private final Approach approach;
    private final RequestDecoder decoder;
    private final ResponseEncoder encoder;
    private final Deadline deadline;
    private final ChannelHandlerContext context;
    private final LastToken lastToken = new LastToken();
    private @Nullable Exchange exchange;
    private boolean closing;
    private boolean lastAnswer;
    private boolean answerIsChunked;
    /** The next request waits until the client has taken the answers before it. */
    private boolean waitsToProceed;

    private boolean wantsReading = true;

    /** @param context of the decoder: what is written there passes the encoder, which stands before it */
    private ClientConnection(
            Desk desk,
            Peer peer,
            Approach approach,
            RequestDecoder decoder,
            ResponseEncoder encoder,
            ChannelHandlerContext context) {
        this.desk = desk;
        this.peer = peer;
        this.approach = approach;
        this.decoder = decoder;
        this.encoder = encoder;
        this.context = context;
        this.deadline = new Deadline(loop());
        limit(desk.limits().head(), this::close);
    }

    /** Takes HTTP/1.1 from {@code channel} from here on. */
    static void serve(Channel channel, Desk desk, Peer peer, Approach approach) {
        RequestDecoder decoder = new RequestDecoder(approach instanceof Approach.Open open && open.proxies());
        ResponseEncoder encoder = new ResponseEncoder();
        channel.pipeline().addLast(encoder, decoder);
        channel.pipeline()
                .addLast(new ClientConnection(
                        desk,
                        peer,
                        approach,
                        decoder,
                        encoder,
                        channel.pipeline().context(decoder)));
    }

    @Override
    public EventLoop loop() {
        return context.channel().eventLoop();
    }

    @Override
    public Approach approach() {
        return approach;
    }

    @Override
    public LastToken lastToken() {
        return lastToken;
    }

    @Override
    public void limit(Duration fromNow, Runnable expired) {
        deadline.set(fromNow, expired);
    }

    @Override
    public boolean isWritable() {
        return context.channel().isWritable();
    }

    @Override
    public void setReading(boolean reading) {
        wantsReading = reading;
        context.channel().config().setAutoRead(reading && !decoder.isFarAhead());
    }

    private void write(Object message) {
        context.write(message);
    }

    @Override
    public boolean takesTrailers(RequestHead request) {
        return HeaderRules.takesTrailers(request.fields());
    }

    @Override
    public void goOn() {
        write(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
        flush();
    }

    @Override
    public void head(ResponseHead head, Exchange of, boolean whole) {
        HttpResponse response =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(head.status()), head.fields());
        boolean noContent = head.status() == HttpResponseStatus.NO_CONTENT.code();
        answerIsChunked = false;
        if (head.contentLengthBytes() >= 0 && !noContent) {
            response.headers().set(HttpHeaderNames.CONTENT_LENGTH, head.contentLengthBytes());
        } else if (head.isFramed(of.head().method())) {
            answerIsChunked = true;
            response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        if (!keepsAlive(of)) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        write(response);
        if (whole) {
            end(EmptyHttpHeaders.INSTANCE);
        }
    }

    @Override
    public void body(ByteBuf bytes) {
        write(new DefaultHttpContent(bytes));
    }

    @Override
    public void end(HttpHeaders trailers) {
        write(
                trailers.isEmpty() || !answerIsChunked
                        ? LastHttpContent.EMPTY_LAST_CONTENT
                        : new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers));
    }

    @Override
    public void open(ResponseHead consent) {
        write(new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(consent.status()),
                Unpooled.EMPTY_BUFFER,
                consent.fields(),
                EmptyHttpHeaders.INSTANCE));
        flush();
        endHttp();
    }

    @Override
    public void flush() {
        context.flush();
    }

    @Override
    public void writeRaw(ByteBuf bytes) {
        context.pipeline().context(encoder).write(bytes);
    }

    private void endHttp() {
        try {
            decoder.endHttp(context);
        } catch (Exception e) {
            exceptionCaught(context, e);
        }
    }

    @Override
    public void readBody() {
        proceed();
    }

    private void proceed() {
        try {
            decoder.proceed(context);
        } catch (Exception e) {
            exceptionCaught(context, e);
        }
        setReading(wantsReading);
    }

    /** Whether the connection will go on after the answer to {@code of}; asked when its head is written. */
    private boolean keepsAlive(Exchange of) {
        lastAnswer = !of.requestComplete()
                || of.head().fields().containsValue(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE, true);
        return !lastAnswer;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message);
        } else if (message instanceof RequestHead head && head.isConnect()) {
            deadline.clear();
            connect(head);
        } else if (message instanceof RequestHead head) {
            Exchange next = new Exchange(this, desk, head, peer);
            exchange = next;
            encoder.answering(head);
            deadline.clear();
            next.begin();
        } else if (message instanceof HttpContent content && exchange != null) {
            exchange.clientContent(content);
        } else if (message instanceof ByteBuf bytes && exchange != null) {
            exchange.clientRaw(bytes);
        } else if (message instanceof RefusedException refused) {
            broken(refused);
        } else {
            ReferenceCountUtil.release(message);
        }
    }

    private void connect(RequestHead head) {
        try {
            Way way = desk.gate().connect(head);
            if (way instanceof Way.Inside inside) {
                consent();
                Preamble.await(context.channel(), desk, peer, inside.approach());
                leave();
            } else if (way instanceof Way.Past past) {
                setReading(false);
                Runnable ready = () -> {
                    consent();
                    leave();
                };
                Tunnel.open(context.channel(), desk, peer, past, ready, problem -> answer(problem, true));
            }
        } catch (RefusedException e) {
            Exchange.refuseUnread(desk, peer, loop(), e, problem -> answer(problem, true));
        }
    }

    private void consent() {
        write(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, CONNECTED));
        flush();
    }

    /** Gives the connection to whoever comes after this in the pipeline, with what has come already. */
    private void leave() {
        ChannelPipeline pipeline = context.pipeline();
        closing = true;
        deadline.cancel();
        pipeline.remove(this);
        pipeline.remove(decoder);
        pipeline.remove(encoder);
        desk.slowReaders().remove(this);
    }

    private void broken(RefusedException refused) {
        Exchange current = exchange;
        if (current != null) {
            current.clientBroken(refused);
        } else {
            // Of a request that could not be read there is nothing to record but that.
            Exchange.refuseUnread(desk, peer, loop(), refused, problem -> answer(problem, true));
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof RequestDecoder.HeadBegins && !closing) {
            limit(
                    desk.limits().head(),
                    () -> broken(new RefusedException(
                            Failure.REQUEST_TOO_SLOW, "the head of the request did not come in time")));
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (exchange != null) {
            exchange.clientReadComplete();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        boolean writable = ctx.channel().isWritable();
        if (writable) {
            desk.slowReaders().remove(this);
        } else {
            desk.slowReaders().add(this);
        }
        if (exchange != null) {
            exchange.clientWritable(writable);
        } else if (writable && waitsToProceed) {
            waitsToProceed = false;
            awaitNext();
        }
    }

    @Override
    public void giveWay() {
        loop().execute(() -> {
            if (exchange != null) {
                exchange.giveWay();
            } else {
                close();
            }
        });
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        deadline.cancel();
        desk.slowReaders().remove(this);
        if (exchange != null) {
            exchange.clientGone();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        // Errors of the socket end here as well as bugs; channelInactive tells the exchange.
        ctx.close();
    }

    @Override
    public void answer(Problem problem, Exchange of) {
        boolean last = !keepsAlive(of);
        if (of == exchange) {
            exchange = null;
        }
        answer(problem, ProblemDocument.of(problem, of.head()), last);
    }

    private void answer(Problem problem, boolean last) {
        answer(problem, ProblemDocument.of(problem), last);
    }

    private void answer(Problem problem, ProblemDocument document, boolean last) {
        byte[] bytes = document.bytes();
        DefaultFullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(problem.failure().httpStatus()),
                Unpooled.wrappedBuffer(bytes));
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
        document.describe(response.headers());
        if (last) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        write(response);
        goOnOrEnd(last);
    }

    @Override
    public void finished(Exchange of) {
        if (of == exchange) {
            exchange = null;
        }
        goOnOrEnd(lastAnswer || !of.requestComplete());
    }

    private void goOnOrEnd(boolean last) {
        setReading(true);
        if (last) {
            linger();
            return;
        }
        flush();
        awaitNext();
    }

    private void awaitNext() {
        if (!isWritable()) {
            // Else a client that sends requests and takes no answer would have them pile up here.
            waitsToProceed = true;
            limit(desk.limits().slowReader(), this::close);
            return;
        }
        if (waitingBytes() > 0) {
            desk.slowReaders().add(this);
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(taken -> {
                if (isWritable()) {
                    desk.slowReaders().remove(this);
                }
            });
        }
        limit(desk.limits().idle(), this::close);
        proceed();
    }

    private long waitingBytes() {
        return Gateway.MAY_WAIT.high() - context.channel().bytesBeforeUnwritable();
    }

    /** Closing at once would reset the connection while the client still sends, and the reset may overtake the answer. */
    private void linger() {
        closing = true;
        decoder.stop();
        limit(LINGER, this::close);
        context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> {
            SslHandler tls = context.pipeline().get(SslHandler.class);
            if (!written.isSuccess()) {
                close();
            } else if (tls == null) {
                shutdownOutput();
            } else {
                // Without it the client could take the answer for cut off.
                tls.closeOutbound().addListener(said -> shutdownOutput());
            }
        });
    }

    private void shutdownOutput() {
        if (context.channel() instanceof DuplexChannel duplex) {
            duplex.shutdownOutput().addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        } else {
            close();
        }
    }

    @Override
    public void endAfterWrites() {
        exchange = null;
        linger();
    }

    @Override
    public void abort() {
        exchange = null;
        closing = true;
        // Past TLS, which would say that this is a proper end.
        context.pipeline().firstContext().close();
    }

    private void close() {
        context.close();
    }
}
