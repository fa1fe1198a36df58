package dev.credfs.policy;

import dev.credfs.caveat.Caveat;
import java.time.Duration;
import java.util.List;

/**
 * What a rule adds to the tokens it grants. It can only narrow: the file's own caveats stay.
 *
 * @param ttlAtMost the token's lifetime is the shorter of this and the file's
 * @param caveats added after the file's own
 * @param bindContainer whether the token works only from the caller's container
 */
public record Narrowing(Duration ttlAtMost, List<Caveat> caveats, boolean bindContainer) {
    /** Longer than every ttl a file can have. */
    private static final Duration UNLIMITED = Duration.ofDays(36_500);

    public static final Narrowing NONE = new Narrowing(UNLIMITED, List.of(), false);

    public Narrowing {
        caveats = List.copyOf(caveats);
    }
}
