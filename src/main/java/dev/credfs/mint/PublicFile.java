package dev.credfs.mint;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import java.time.Instant;

/**
 * A file that holds no token and is the same for everybody whom the mount lets in, such as the certificate of a gateway.
 *
 * <p>It is made elsewhere and {@linkplain #publish published} here, again whenever it has changed; who has it open goes on
 * with what was opened. Until it is there it is listed, and cannot be opened.
 */
public final class PublicFile implements Node {
    /** Of files that a build of many processes keeps open for a moment. */
    static final int MOST_OPEN = 2_048;

    static final int MOST_OPEN_PER_USER = 512;

    private sealed interface State {}

    @SuppressWarnings("ArrayRecordComponent") // published once and never changed
    private record Published(byte[] bytes, Instant at) implements State {}

    private record NotThere(String why) implements State {}

    private volatile State state;

    /** One that is not there yet. */
    public PublicFile(String why) {
        state = new NotThere(why);
    }

    /**
     * Serves {@code bytes} from the next open on.
     *
     * @param at the time of modification
     */
    public void publish(byte[] bytes, Instant at) {
        state = new Published(bytes.clone(), at);
    }

    /** Has it refused from the next open on. */
    public void withdraw(String why) {
        state = new NotThere(why);
    }

    long lengthBytes() {
        return state instanceof Published published ? published.bytes().length : 0;
    }

    Instant modified() {
        return state instanceof Published published ? published.at() : Instant.EPOCH;
    }

    /** Not to be changed. */
    byte[] bytes() throws RefusedException {
        State now = state;
        if (now instanceof Published published) {
            return published.bytes();
        }
        throw new RefusedException(
                Failure.PUBLIC_FILE_UNAVAILABLE, now instanceof NotThere missing ? missing.why() : "it is not there");
    }
}
