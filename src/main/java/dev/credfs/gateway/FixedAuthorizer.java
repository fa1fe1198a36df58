package dev.credfs.gateway;

import dev.credfs.policy.RefusedException;
import io.netty.channel.EventLoop;
import java.util.Arrays;
import java.util.function.Consumer;

/** Puts in what is configured. */
final class FixedAuthorizer extends Authorizer implements Authorization {
    private final Credential.Fixed credential;
    private final CredentialSearch search;

    FixedAuthorizer(Credential.Fixed credential) {
        this.credential = credential;
        this.search = CredentialSearch.of(credential.secret());
    }

    @Override
    void authorize(
            Decision.Admitted pass,
            Peer peer,
            EventLoop loop,
            Consumer<Authorization> ready,
            Consumer<RefusedException> failed) {
        ready.accept(this);
    }

    @Override
    public CredentialSearch search() {
        return search;
    }

    @Override
    public Departure depart(RequestHead client, UpstreamRequest request) {
        byte[] bytes = credential.secret().revealCopy();
        try {
            credential.placement().place(bytes, request);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
        return Departure.of(request);
    }
}
