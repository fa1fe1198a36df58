package dev.credfs.gateway;

import dev.credfs.caveat.ContainerCaveat;
import dev.credfs.macaroon.VerifiedMacaroon;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The revocations of a list, found by what they are about: a list grows for years, and every request asks. */
final class Revocations {
    private final List<Revocation> all;
    private final Map<Object, Revocation> bySubject = new HashMap<>();
    /** The latest says what all of them say. */
    private Optional<Revocation.OfAllUntil> ofAll = Optional.empty();

    Revocations(List<Revocation> all) {
        this.all = List.copyOf(all);
        for (Revocation revocation : all) {
            revocation.subject().ifPresent(subject -> bySubject.put(subject, revocation));
            if (revocation instanceof Revocation.OfAllUntil until
                    && ofAll.filter(latest -> !latest.instant().isBefore(until.instant()))
                            .isEmpty()) {
                ofAll = Optional.of(until);
            }
        }
    }

    /** In their order. */
    List<Revocation> all() {
        return all;
    }

    /** One that covers the token, presented from this container, or empty. */
    Optional<Revocation> covering(VerifiedMacaroon token, Optional<ContainerCaveat> presenter) {
        List<Object> subjects = new ArrayList<>(token.caveats().size() + 2);
        subjects.addAll(token.caveats());
        subjects.add(token.id());
        presenter.ifPresent(subjects::add);
        for (Object subject : subjects) {
            Revocation found = bySubject.get(subject);
            if (found != null) {
                return Optional.of(found);
            }
        }
        return ofAll.filter(until -> until.covers(token)).map(until -> until);
    }
}
