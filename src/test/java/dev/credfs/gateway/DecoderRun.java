package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * What the request decoder makes of some bytes.
 *
 * @param requests methods and targets, each followed by its body
 * @param refused whether it ended with a refusal
 */
record DecoderRun(List<String> requests, boolean refused) {
    static DecoderRun of(byte[] bytes, int pieceBytes) throws Exception {
        RequestDecoder decoder = new RequestDecoder(false);
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        List<String> requests = new ArrayList<>();
        StringBuilder body = new StringBuilder();
        boolean refused = false;
        for (int at = 0; at < bytes.length; at += pieceBytes) {
            channel.writeInbound(Unpooled.copiedBuffer(bytes, at, Math.min(pieceBytes, bytes.length - at)));
            for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
                if (message instanceof RequestHead head) {
                    requests.add(head.method() + " " + head.target());
                    if (head.hasBody()) {
                        body.setLength(0);
                    }
                    decoder.proceed(channel.pipeline().firstContext());
                } else if (message instanceof RefusedException) {
                    refused = true;
                } else if (message instanceof HttpContent content) {
                    body.append(content.content().toString(StandardCharsets.ISO_8859_1));
                    content.release();
                    if (content instanceof LastHttpContent) {
                        requests.add(body.toString());
                        decoder.proceed(channel.pipeline().firstContext());
                    }
                }
            }
        }
        channel.finishAndReleaseAll();
        return new DecoderRun(requests, refused);
    }
}
