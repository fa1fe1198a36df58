package dev.credfs.gateway;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ApplicationProtocolNegotiationHandler;
import java.util.List;
import javax.net.ssl.SSLException;

/** The end of a TLS handshake with a client: what it speaks from here on. */
@SuppressWarnings("FutureReturnValueIgnored")
final class Negotiation extends ApplicationProtocolNegotiationHandler {
    /** What a client may choose from, the best first. */
    static final List<String> OFFERED = List.of(ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1);

    private final Desk desk;
    private final Peer peer;
    private final Approach approach;

    /** @param approach of what was intercepted */
    Negotiation(Desk desk, Peer peer, Approach approach) {
        super(ApplicationProtocolNames.HTTP_1_1);
        this.desk = desk;
        this.peer = peer;
        this.approach = approach;
    }

    @Override
    protected void configurePipeline(ChannelHandlerContext ctx, String protocol) {
        serve(ctx.channel(), protocol);
    }

    /** The one place where a protocol begins. */
    private void serve(Channel channel, String protocol) {
        if (protocol.equals(ApplicationProtocolNames.HTTP_2)) {
            ClientStreams.serve(channel, desk, peer, approach);
        } else {
            ClientConnection.serve(channel, desk, peer, approach);
        }
    }

    /** Most often a client that does not trust our certificate, and its operator should know. */
    @Override
    protected void handshakeFailure(ChannelHandlerContext ctx, Throwable cause) {
        RefusedException refused = new RefusedException(Failure.REQUEST_MALFORMED, why(cause));
        Exchange.refuseUnread(desk, peer, ctx.channel().eventLoop(), refused, problem -> ctx.close());
    }

    private static String why(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (message.contains("unknown_ca")
                || message.contains("bad_certificate")
                || message.contains("certificate_unknown")) {
            return "the client does not trust the gateway's certificate authority";
        }
        return "the TLS handshake failed";
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof DecoderException && cause.getCause() instanceof SSLException broken) {
            handshakeFailure(ctx, broken);
        } else {
            ctx.close();
        }
    }
}
