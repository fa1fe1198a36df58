package dev.credfs.gateway;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpHeaders;
import java.time.Duration;

/**
 * The side of an exchange that asked: a connection of HTTP/1.1, which asks one thing after the other, or a stream of HTTP/2.
 * The exchange says what is answered; how that is framed is the side's own business. Of one event loop.
 */
sealed interface ClientSide permits ClientConnection, ClientStream {
    EventLoop loop();

    /** How the request came here. */
    Approach approach();

    /** The token that was shown last where this request came from. */
    LastToken lastToken();

    /** Sets the one time limit that the exchange is under. */
    void limit(Duration fromNow, Runnable expired);

    boolean isWritable();

    void setReading(boolean reading);

    /** Lets the body of the request come. */
    void readBody();

    /** Whether it can be told fields after the body of the answer to {@code request}. */
    boolean takesTrailers(RequestHead request);

    /** Tells a client that asked first that it may send the body. */
    void goOn();

    /**
     * Writes the beginning of the answer to {@code of}.
     *
     * @param whole whether nothing follows: no body, no trailers
     */
    void head(ResponseHead head, Exchange of, boolean whole);

    void body(ByteBuf bytes);

    /** Writes the end of an answer that was not whole with its head. */
    void end(HttpHeaders trailers);

    void flush();

    /** Answers {@code of} with a problem; nothing of another answer has been written. */
    void answer(Problem problem, Exchange of);

    /** The answer to {@code of} is written whole. */
    void finished(Exchange of);

    /** Ends it in the middle of an answer. */
    void abort();

    /** Makes room for others who read; from any thread. */
    void giveWay();

    /** Consents to a WebSocket; from here on what comes and goes is bytes. */
    void open(ResponseHead consent);

    /** Writes bytes that are no HTTP. */
    void writeRaw(ByteBuf bytes);

    /** Ends it when all that was written is out. */
    void endAfterWrites();
}
