package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.channel.EventLoop;
import java.util.function.Consumer;

/**
 * A credential at work. What it takes to use one may have to be fetched first, so a request asks for an
 * {@link Authorization} and goes on, on its event loop, when there is one.
 */
abstract class Authorizer {
    /**
     * Gives {@code ready} what authorizes one request, on {@code loop}, now or later.
     *
     * @param failed told why there is nothing; the reason holds no secret
     */
    abstract void authorize(
            Decision.Admitted pass,
            Peer peer,
            EventLoop loop,
            Consumer<Authorization> ready,
            Consumer<RefusedException> failed);

    /** For the answers to requests that carry no credential: the texts that are secret all the time. */
    abstract CredentialSearch search();
}
