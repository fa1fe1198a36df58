package dev.credfs.mint;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.util.HashMap;
import java.util.Map;

/**
 * How many files of one kind are open, in all and by each user, up to a bound of each: what everybody may open must not take a
 * place from a token.
 */
final class OpenCount {
    private final int most;
    private final int mostPerUser;
    private final Map<Uid, Integer> open = new HashMap<>();
    private int count;

    OpenCount(int most, int mostPerUser) {
        this.most = most;
        this.mostPerUser = mostPerUser;
    }

    /** Counts one more, which has to be {@linkplain #closed closed}. */
    synchronized void opened(Uid uid) throws RefusedException {
        int own = open.getOrDefault(uid, 0);
        if (own == mostPerUser || count == most) {
            throw new RefusedException(
                    Failure.TOO_MANY_OPEN, "it is open " + (own == mostPerUser ? own : count) + " times");
        }
        open.put(uid, own + 1);
        count++;
    }

    synchronized void closed(Uid uid) {
        int left = open.getOrDefault(uid, 0) - 1;
        if (left > 0) {
            open.put(uid, left);
        } else {
            open.remove(uid);
        }
        count--;
    }
}
