package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

/** A body that is searched as it is: what waits is the beginning of a text that its last bytes may be. */
final class PlainBody extends BodySearch {
    private final CredentialSearch.Stream search;

    PlainBody(CredentialSearch.Stream search) {
        this.search = search;
    }

    @Override
    ByteBuf admit(ByteBuf bytes, boolean last) throws RefusedException {
        if (search.findsIn(bytes)) {
            bytes.release();
            throw blocked();
        }
        ByteBuf all = withHeld(bytes);
        int keepBytes = last ? 0 : search.undecidedBytes();
        if (keepBytes == 0) {
            return all;
        }
        int go = all.readableBytes() - keepBytes;
        // A copy: a slice of a few bytes would keep the whole buffer.
        hold(Unpooled.copiedBuffer(all.slice(all.readerIndex() + go, keepBytes)));
        return all.writerIndex(all.readerIndex() + go);
    }
}
