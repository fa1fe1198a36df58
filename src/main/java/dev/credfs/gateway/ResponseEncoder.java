package dev.credfs.gateway;

import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** Answers on the wire; one to a HEAD keeps its length and sends no body. */
final class ResponseEncoder extends HttpResponseEncoder {
    private boolean toHead;

    /** What the next answer is to. */
    void answering(RequestHead request) {
        toHead = request.method().equals("HEAD");
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return toHead || super.isContentAlwaysEmpty(response);
    }
}
