package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A body in chunks of which each has a signature that goes on from the one before: read chunk by chunk, and signed again with
 * the real key. Every chunk keeps its length and so does the whole, which a {@code Content-Length} has told already.
 *
 * <p>The signature stands before its chunk, so one chunk at a time is held.
 */
final class SignedChunks extends Departure {
    static final int MAX_CHUNK = 1024 * 1024;
    private static final int MAX_LINE = 1024;
    private static final int MAX_TRAILER_LINES = 16;

    private static final Pattern CHUNK = Pattern.compile("([0-9a-fA-F]{1,8});chunk-signature=[0-9a-f]{64}");
    private static final Pattern TRAILER_SIGNATURE = Pattern.compile("(x-amz-trailer-signature:) *[0-9a-f]{64}");
    private static final Pattern TRAILER = Pattern.compile("([a-z0-9-]{1,64}): *([!-~]*)");

    private enum Part {
        SIZE,
        DATA,
        DATA_END,
        TRAILER,
        LAST_LINE,
        OVER
    }

    private final UpstreamRequest request;
    private final SignatureV4 signature;
    private final boolean trailer;
    private final AtomicLong heldBytes;
    private final StringBuilder line = new StringBuilder();
    private final StringBuilder trailers = new StringBuilder();
    private Part part = Part.SIZE;
    private String previous;
    private String size = "";
    private byte[] chunk = new byte[0];
    private int filled;
    private int trailerLines;

    /**
     * @param seed signature of the request
     * @param trailer whether signed headers follow the last chunk
     */
    SignedChunks(UpstreamRequest request, SignatureV4 signature, String seed, boolean trailer, AtomicLong heldBytes) {
        this.request = request;
        this.signature = signature;
        this.previous = seed;
        this.trailer = trailer;
        this.heldBytes = heldBytes;
    }

    @Override
    void begin(boolean complete, Consumer<Object> out) throws RefusedException {
        if (complete) {
            throw broken("it has no body");
        }
        out.accept(request.message());
    }

    @Override
    void content(HttpContent content, Consumer<Object> out) throws RefusedException {
        try {
            ByteBuf bytes = content.content();
            while (bytes.isReadable()) {
                step(bytes, out);
            }
        } finally {
            content.release();
        }
        if (content instanceof LastHttpContent) {
            if (part != Part.OVER) {
                throw broken("it breaks off");
            }
            out.accept(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    private void step(ByteBuf bytes, Consumer<Object> out) throws RefusedException {
        if (part == Part.OVER) {
            throw broken("something follows its end");
        }
        if (part == Part.DATA) {
            int length = Math.min(bytes.readableBytes(), chunk.length - filled);
            bytes.readBytes(chunk, filled, length);
            filled += length;
            if (filled == chunk.length) {
                part = Part.DATA_END;
            }
            return;
        }
        char c = (char) (bytes.readByte() & 0xff);
        line.append(c);
        if (line.length() > MAX_LINE) {
            throw broken("a line is longer than 1 KiB");
        }
        if (c == '\n') {
            if (line.length() < 2 || line.charAt(line.length() - 2) != '\r') {
                throw broken("a line does not end with CR LF");
            }
            String text = line.substring(0, line.length() - 2);
            line.setLength(0);
            take(text, out);
        }
    }

    private void take(String text, Consumer<Object> out) throws RefusedException {
        switch (part) {
            case SIZE -> begin(text, out);
            case DATA_END -> {
                requireEmpty(text);
                sign(chunk, out);
                write(out, chunk, "\r\n");
                forget();
                part = Part.SIZE;
            }
            case TRAILER -> takeTrailer(text, out);
            default -> {
                requireEmpty(text);
                write(out, new byte[0], "\r\n");
                part = Part.OVER;
            }
        }
    }

    private void begin(String text, Consumer<Object> out) throws RefusedException {
        Matcher matcher = CHUNK.matcher(text);
        if (!matcher.matches()) {
            throw broken("a chunk does not begin with its size and signature");
        }
        size = matcher.group(1);
        long length = Long.parseLong(size, 16);
        if (length > MAX_CHUNK) {
            throw broken("a chunk is larger than 1 MiB");
        }
        if (length == 0) {
            sign(new byte[0], out);
            part = trailer ? Part.TRAILER : Part.LAST_LINE;
            return;
        }
        CollectedBody.hold(heldBytes, (int) length);
        chunk = new byte[(int) length];
        filled = 0;
        part = Part.DATA;
    }

    private void sign(byte[] data, Consumer<Object> out) {
        previous = signature.ofChunk(previous, data);
        write(out, new byte[0], size + ";chunk-signature=" + previous + "\r\n");
    }

    private void takeTrailer(String text, Consumer<Object> out) throws RefusedException {
        Matcher last = TRAILER_SIGNATURE.matcher(text);
        if (last.matches()) {
            previous = signature.ofTrailer(previous, trailers.toString());
            write(out, new byte[0], text.substring(0, text.length() - previous.length()) + previous + "\r\n");
            part = Part.LAST_LINE;
            return;
        }
        Matcher matcher = TRAILER.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches() || ++trailerLines > MAX_TRAILER_LINES) {
            throw broken("its trailer is not a few headers and their signature");
        }
        String value = text.substring(text.indexOf(':') + 1).strip();
        trailers.append(matcher.group(1)).append(':').append(value).append('\n');
        write(out, new byte[0], text + "\r\n");
    }

    private static void write(Consumer<Object> out, byte[] data, String text) {
        ByteBuf line = Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.ISO_8859_1));
        out.accept(new DefaultHttpContent(
                data.length == 0 ? line : Unpooled.wrappedBuffer(Unpooled.wrappedBuffer(data), line)));
    }

    private static void requireEmpty(String text) throws RefusedException {
        if (!text.isEmpty()) {
            throw broken("a chunk is longer than it says");
        }
    }

    private static RefusedException broken(String why) {
        return new RefusedException(
                Failure.REQUEST_MALFORMED, "the body is not in signed chunks, as X-Amz-Content-Sha256 says: " + why);
    }

    private void forget() {
        heldBytes.addAndGet(-chunk.length);
        chunk = new byte[0];
    }

    @Override
    void release() {
        forget();
    }
}
