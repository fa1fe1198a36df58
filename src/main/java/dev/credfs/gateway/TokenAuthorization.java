package dev.credfs.gateway;

/** A fetched token, put in where its placement says. */
record TokenAuthorization(Placement placement, FetchedToken from, FetchedToken.Value value) implements Authorization {
    @Override
    public CredentialSearch search() {
        return value.search();
    }

    @Override
    public Departure depart(RequestHead client, UpstreamRequest request) {
        return Departure.carrying(value.secret(), placement, request);
    }

    @Override
    public void refused() {
        from.drop(value);
    }
}
