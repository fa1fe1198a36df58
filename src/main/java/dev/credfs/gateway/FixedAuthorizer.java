package dev.credfs.gateway;

/** Puts in what is configured. */
final class FixedAuthorizer extends StandingAuthorizer {
    private final Credential.Fixed credential;
    private final CredentialSearch search;

    FixedAuthorizer(Credential.Fixed credential) {
        this.credential = credential;
        this.search = CredentialSearch.of(credential.secret());
    }

    @Override
    public CredentialSearch search() {
        return search;
    }

    @Override
    public Departure depart(RequestHead client, UpstreamRequest request) {
        return Departure.carrying(credential.secret(), credential.placement(), request);
    }
}
