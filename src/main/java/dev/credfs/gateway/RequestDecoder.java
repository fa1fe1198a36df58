package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one connection, read so that no upstream can see another number of them than we do.
 *
 * <p>Netty's own decoder joins folded lines, skips control characters before a request and accepts chunk extensions; here
 * each of the following closes the connection with 400 (RFC 9112 §11.2 on smuggling, §5.2, §7.1): a line that does not end
 * with CR LF, a CR or another control character inside one, a folded line, a blank around a field name, a missing or second
 * {@code Host}, {@code Content-Length} twice, with a sign, a comma or a leading zero, or beside {@code Transfer-Encoding},
 * any transfer coding but one {@code chunked}, chunk extensions, chunk sizes of more than eight digits, more than 100 fields,
 * a head of more than 32 KiB, a version that is not HTTP/1.1.
 *
 * <p>One request at a time: what follows a head waits for {@link #proceed}, and what follows the end of a body as well, so
 * that what a client sends ahead stays in the socket. The messages are a {@link RequestHead}; where it has a body, its
 * content and a {@link LastHttpContent} with its trailers; or one {@link RefusedException}, after which nothing comes; after
 * {@link #endHttp}, bytes.
 */
final class RequestDecoder extends ByteToMessageDecoder {
    static final int MAX_HEAD_BYTES = 32 * 1024;
    private static final int MAX_TRAILER_BYTES = 8 * 1024;
    /** Eight hex digits and CR LF. */
    private static final int MAX_CHUNK_LINE_BYTES = 10;
    /** What a client may send ahead before its socket is no longer read. */
    private static final int MAX_AHEAD_BYTES = 64 * 1024;

    /** User event: the first byte of a head has come. */
    enum HeadBegins {
        EVENT
    }

    private enum Expecting {
        HEAD,
        FIXED_BODY,
        CHUNK_LINE,
        CHUNK_DATA,
        CHUNK_END,
        TRAILER,
        /** No HTTP any more: bytes go on as they are. */
        RAW,
        NOTHING
    }

    private final boolean connects;
    private Expecting expecting = Expecting.HEAD;
    private boolean held;
    private boolean headBegun;
    private int scannedBytes;
    private long bodyBytesLeft;

    /** @param connects whether a request may be a CONNECT */
    RequestDecoder(boolean connects) {
        this.connects = connects;
    }

    /** Lets the body of the request through, or, when that is over, the next head. */
    void proceed(ChannelHandlerContext own) throws Exception {
        held = false;
        channelRead(own, own.alloc().buffer(0));
    }

    /** Whether the client has sent so much ahead that no more may be read before some of it has been dealt with. */
    boolean isFarAhead() {
        return actualReadableBytes() > MAX_AHEAD_BYTES;
    }

    /** Ends HTTP on this connection: what follows goes on as it comes. */
    void endHttp(ChannelHandlerContext own) throws Exception {
        expecting = Expecting.RAW;
        proceed(own);
    }

    /** Reads nothing more: what still comes has no meaning. */
    void stop() {
        expecting = Expecting.NOTHING;
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
        if (expecting == Expecting.NOTHING) {
            in.skipBytes(in.readableBytes());
            return;
        }
        if (held) {
            if (isFarAhead()) {
                ctx.channel().config().setAutoRead(false);
            }
            return;
        }
        try {
            decodeStep(ctx, in, out);
        } catch (RefusedException e) {
            expecting = Expecting.NOTHING;
            in.skipBytes(in.readableBytes());
            out.add(e);
        }
    }

    private void decodeStep(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws RefusedException {
        switch (expecting) {
            case HEAD -> decodeHead(ctx, in, out);
            case FIXED_BODY -> {
                passBody(in, out);
                if (bodyBytesLeft == 0) {
                    end(EmptyHttpHeaders.INSTANCE, out);
                }
            }
            case CHUNK_LINE -> decodeChunkLine(in);
            case CHUNK_DATA -> {
                passBody(in, out);
                if (bodyBytesLeft == 0) {
                    expecting = Expecting.CHUNK_END;
                }
            }
            case CHUNK_END -> {
                byte[] line = line(in, 2);
                if (line != null) {
                    if (line.length != 0) {
                        throw malformed("a chunk is longer than its size says");
                    }
                    expecting = Expecting.CHUNK_LINE;
                }
            }
            case TRAILER -> decodeTrailer(in, out);
            case RAW -> out.add(in.readRetainedSlice(in.readableBytes()));
            case NOTHING -> in.skipBytes(in.readableBytes());
        }
    }

    private void decodeHead(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws RefusedException {
        if (!headBegun) {
            headBegun = true;
            ctx.fireUserEventTriggered(HeadBegins.EVENT);
        }
        int length = blockLength(in, MAX_HEAD_BYTES, "a request head has at most 32 KiB");
        if (length < 0) {
            return;
        }
        byte[] head = new byte[length];
        in.readBytes(head);
        headBegun = false;
        RequestHead request = RequestHead.parse(head, connects);
        bodyBytesLeft = Math.max(0, request.contentLengthBytes());
        if (request.chunked()) {
            expecting = Expecting.CHUNK_LINE;
        } else if (bodyBytesLeft > 0) {
            expecting = Expecting.FIXED_BODY;
        }
        held = true;
        out.add(request);
    }

    private void passBody(ByteBuf in, List<Object> out) {
        int length = (int) Math.min(in.readableBytes(), bodyBytesLeft);
        if (length > 0) {
            bodyBytesLeft -= length;
            out.add(new DefaultHttpContent(in.readRetainedSlice(length)));
        }
    }

    private void decodeChunkLine(ByteBuf in) throws RefusedException {
        byte[] line = line(in, MAX_CHUNK_LINE_BYTES);
        if (line == null) {
            return;
        }
        if (line.length == 0) {
            throw malformed("a chunk without a size");
        }
        if (line.length > MAX_CHUNK_LINE_BYTES - 2) {
            throw malformed("a chunk size has at most eight digits");
        }
        long size = 0;
        for (byte b : line) {
            int digit = Character.digit(b, 16);
            if (digit < 0) {
                throw malformed("a chunk size is hex digits alone");
            }
            size = size << 4 | digit;
        }
        bodyBytesLeft = size;
        expecting = size == 0 ? Expecting.TRAILER : Expecting.CHUNK_DATA;
    }

    private void decodeTrailer(ByteBuf in, List<Object> out) throws RefusedException {
        int length = blockLength(in, MAX_TRAILER_BYTES, "a trailer has at most 8 KiB");
        if (length >= 0) {
            byte[] trailer = new byte[length];
            in.readBytes(trailer);
            end(RequestHead.parseFields(trailer, 0), out);
        }
    }

    private void end(HttpHeaders trailers, List<Object> out) {
        expecting = Expecting.HEAD;
        held = true;
        out.add(
                trailers.isEmpty()
                        ? LastHttpContent.EMPTY_LAST_CONTENT
                        : new DefaultLastHttpContent(Unpooled.EMPTY_BUFFER, trailers));
    }

    /** Bytes up to and with the first empty line, or -1 while it has not come. */
    private int blockLength(ByteBuf in, int maxBytes, String tooLong) throws RefusedException {
        int start = in.readerIndex();
        int limit = start + Math.min(in.readableBytes(), maxBytes);
        for (int i = start + scannedBytes; i < limit; i++) {
            byte b = in.getByte(i);
            if (b == '\n') {
                if (i == start || in.getByte(i - 1) != '\r') {
                    throw malformed("a line ends with CR LF, not with LF alone");
                }
                if (i - start == 1 || (i - start >= 3 && in.getByte(i - 2) == '\n')) {
                    scannedBytes = 0;
                    return i - start + 1;
                }
            } else if (i > start && in.getByte(i - 1) == '\r') {
                throw malformed("a CR that ends no line");
            }
        }
        scannedBytes = limit - start;
        if (scannedBytes == maxBytes) {
            throw malformed(tooLong);
        }
        return -1;
    }

    /** The next line without its CR LF, or null while it has not come. */
    private static byte @Nullable [] line(ByteBuf in, int maxBytes) throws RefusedException {
        int start = in.readerIndex();
        int limit = Math.min(in.readableBytes(), maxBytes);
        for (int i = 0; i < limit; i++) {
            byte b = in.getByte(start + i);
            if (b == '\n') {
                throw malformed("a line ends with CR LF, not with LF alone");
            }
            if (b == '\r') {
                if (i + 1 == in.readableBytes()) {
                    return null;
                }
                if (in.getByte(start + i + 1) != '\n') {
                    throw malformed("a CR that ends no line");
                }
                byte[] line = new byte[i];
                in.readBytes(line);
                in.skipBytes(2);
                return line;
            }
        }
        if (limit == maxBytes) {
            throw malformed("a chunk that does not end where its size says, or a size with an extension");
        }
        return null;
    }

    private static RefusedException malformed(String why) {
        return new RefusedException(Failure.REQUEST_MALFORMED, why);
    }
}
