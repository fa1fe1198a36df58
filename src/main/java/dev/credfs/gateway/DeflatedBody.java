package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * A body in gzip (RFC 1952) or deflate (RFC 1951, bare or in the frame of RFC 1950). The inflater gives at once all that can
 * be unpacked of what it was given, so the bytes that have gone out never unpack to more than was searched.
 *
 * <p>A bomb costs the upstream as much as us: what is unpacked is never kept, and beyond {@link #FREE_BYTES} there may be no
 * more of it than {@link #MAX_RATIO} times what came. Whatever of a gzip frame clients read differently (bytes after the end,
 * a checksum that is wrong, reserved flags) ends the answer.
 */
final class DeflatedBody extends BodySearch {
    private static final long FREE_BYTES = 8L * 1024 * 1024;
    private static final int MAX_RATIO = 100;
    private static final int MAX_HEAD_BYTES = 512;
    private static final int MAX_HELD_BYTES = 256 * 1024;
    private static final int TRAILER_BYTES = 8;
    private static final int FIXED_HEAD_BYTES = 10;
    private static final int STEP_BYTES = 16 * 1024;
    private static final int FLAG_HEAD_CHECKSUM = 2;
    private static final int FLAG_EXTRA = 4;
    private static final int FLAG_NAME = 8;
    private static final int FLAG_COMMENT = 16;
    private static final int RESERVED_FLAGS = 0xe0;

    private enum Part {
        /** Of a gzip member; also before its first byte, where the body may end. */
        HEAD,
        /** The two bytes that tell whether deflate has a frame. */
        MARK,
        DATA,
        TRAILER,
        END
    }

    private final CredentialSearch credential;
    private final CredentialSearch.Stream search;
    private final boolean gzip;
    private final CRC32 checksum = new CRC32();
    private final byte[] step = new byte[STEP_BYTES];
    private final ByteArrayOutputStream frame = new ByteArrayOutputStream(TRAILER_BYTES);
    private Inflater inflater;
    private Part part;
    private long takenBytes;
    private long unpackedBytes;
    private long memberBytes;

    DeflatedBody(CredentialSearch credential, boolean gzip) {
        this.credential = credential;
        this.search = credential.stream();
        this.gzip = gzip;
        this.part = gzip ? Part.HEAD : Part.MARK;
        this.inflater = new Inflater(true);
    }

    @Override
    ByteBuf admit(ByteBuf bytes, boolean last) throws RefusedException {
        long before = unpackedBytes;
        try {
            unpack(bytes.nioBuffer());
            if (last && (part == Part.TRAILER || frame.size() > 0)) {
                throw unsearchable("it breaks off");
            }
        } catch (DataFormatException e) {
            bytes.release();
            throw unsearchable("it is not " + (gzip ? "gzip" : "deflate"));
        } catch (RefusedException e) {
            bytes.release();
            throw e;
        }
        boolean inFrame = frame.size() > 0 || part == Part.TRAILER;
        int undecidedBytes = search.undecidedBytes();
        if (last || (!inFrame && undecidedBytes == 0)) {
            return withHeld(bytes);
        }
        if (!inFrame && undecidedBytes <= unpackedBytes - before) {
            // What was held unpacks to nothing of the beginning that waits now.
            return hold(bytes);
        }
        if (heldBytes() + bytes.readableBytes() > MAX_HELD_BYTES) {
            bytes.release();
            throw unsearchable("too much of it unpacks to too little");
        }
        hold(withHeld(bytes));
        return Unpooled.EMPTY_BUFFER;
    }

    private void unpack(ByteBuffer in) throws RefusedException, DataFormatException {
        takenBytes += in.remaining();
        while (in.hasRemaining()) {
            switch (part) {
                case HEAD -> readHead(in);
                case MARK -> readMark(in);
                case DATA -> readData(in);
                case TRAILER -> readTrailer(in);
                case END -> throw unsearchable("bytes follow its end");
            }
        }
    }

    private void readData(ByteBuffer in) throws RefusedException, DataFormatException {
        inflater.setInput(in);
        inflate();
    }

    /** Some servers send deflate as RFC 9110 has it, in a zlib frame, some bare; the first two bytes tell. */
    private void readMark(ByteBuffer in) throws RefusedException, DataFormatException {
        frame.write(in.get());
        if (frame.size() < 2) {
            return;
        }
        byte[] start = frame.toByteArray();
        frame.reset();
        boolean zlib = (start[0] & 0x0f) == 8 && ((start[0] & 0xff) << 8 | (start[1] & 0xff)) % 31 == 0;
        if (zlib) {
            inflater.end();
            inflater = new Inflater(false);
        }
        part = Part.DATA;
        inflater.setInput(start);
        inflate();
    }

    private void inflate() throws RefusedException, DataFormatException {
        while (true) {
            int length = inflater.inflate(step);
            if (length == 0) {
                if (inflater.needsDictionary()) {
                    throw unsearchable("it needs a dictionary");
                }
                if (inflater.finished()) {
                    part = gzip ? Part.TRAILER : Part.END;
                }
                return;
            }
            unpackedBytes += length;
            memberBytes += length;
            if (unpackedBytes > FREE_BYTES && unpackedBytes > takenBytes * MAX_RATIO) {
                throw unsearchable("it unpacks to more than " + MAX_RATIO + " times its size");
            }
            if (gzip) {
                checksum.update(step, 0, length);
            }
            if (search.findsIn(step, 0, length)) {
                throw blocked();
            }
        }
    }

    private void readHead(ByteBuffer in) throws RefusedException {
        frame.write(in.get());
        byte[] head = frame.toByteArray();
        if (!isWholeHead(head)) {
            if (head.length >= MAX_HEAD_BYTES) {
                throw unsearchable("its head is too long");
            }
            return;
        }
        // It may name a file and hold a comment.
        if (credential.isIn(new String(head, StandardCharsets.ISO_8859_1))) {
            throw blocked();
        }
        frame.reset();
        inflater.reset();
        checksum.reset();
        memberBytes = 0;
        part = Part.DATA;
    }

    private static boolean isWholeHead(byte[] head) throws RefusedException {
        int length = head.length;
        boolean magic = (head[0] & 0xff) == 0x1f
                && (length < 2 || (head[1] & 0xff) == 0x8b)
                && (length < 3 || head[2] == 8)
                && (length < 4 || (head[3] & RESERVED_FLAGS) == 0);
        if (!magic) {
            throw unsearchable("it is not gzip");
        }
        if (length < FIXED_HEAD_BYTES) {
            return false;
        }
        int flags = head[3];
        int end = FIXED_HEAD_BYTES;
        if ((flags & FLAG_EXTRA) != 0) {
            if (length < end + 2) {
                return false;
            }
            end += 2 + ((head[end] & 0xff) | (head[end + 1] & 0xff) << 8);
        }
        for (int text : new int[] {FLAG_NAME, FLAG_COMMENT}) {
            if ((flags & text) != 0) {
                while (end < length && head[end] != 0) {
                    end++;
                }
                end++;
            }
        }
        if ((flags & FLAG_HEAD_CHECKSUM) != 0) {
            end += 2;
        }
        return length >= end;
    }

    private void readTrailer(ByteBuffer in) throws RefusedException {
        frame.write(in.get());
        if (frame.size() < TRAILER_BYTES) {
            return;
        }
        ByteBuffer trailer = ByteBuffer.wrap(frame.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
        frame.reset();
        if (trailer.getInt() != (int) checksum.getValue() || trailer.getInt() != (int) memberBytes) {
            throw unsearchable("its checksum is wrong");
        }
        part = Part.HEAD;
    }

    private static RefusedException unsearchable(String why) {
        return new RefusedException(Failure.UPSTREAM_FAILED, "the answer is compressed and cannot be searched: " + why);
    }

    @Override
    void release() {
        super.release();
        inflater.end();
    }
}
