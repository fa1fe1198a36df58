package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.channel.EventLoop;
import java.util.function.Consumer;

/** What has all it needs, and authorizes every request at once. */
abstract class StandingAuthorizer extends Authorizer implements Authorization {
    @Override
    final void authorize(
            Decision.Admitted pass,
            Peer peer,
            EventLoop loop,
            Consumer<Authorization> ready,
            Consumer<RefusedException> failed) {
        ready.accept(this);
    }

    @Override
    public abstract CredentialSearch search();
}
