package dev.credfs.mint;

import dev.credfs.policy.Caller;
import dev.credfs.policy.Pid;
import dev.credfs.policy.Verdict;
import java.time.Instant;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Tokens of files with {@code coalesce} that the process they were minted for may get again. Whatever is forgotten is minted
 * anew.
 */
final class RecentTokens {

    private record Slot(String path, Pid pid, long startTicks) {
        static Slot of(TokenFile file, Caller caller) {
            return new Slot(file.path(), caller.pid(), caller.startTicks());
        }
    }

    /** The definition of the file is a part of it, so that no token outlives a change of the configuration. */
    private record Held(TokenFile file, Caller caller, TokenFile.Minted minted) {}

    private final int mostTokens;
    /** The one minted longest ago first. */
    private final Map<Slot, Held> tokens = new LinkedHashMap<>();

    RecentTokens(int mostTokens) {
        this.mostTokens = mostTokens;
    }

    /** The token that this process got for the same grant, if it may have it again. */
    Optional<TokenFile.Minted> find(TokenFile file, Caller caller, Verdict.Grant grant, Instant now) {
        return file.pace().coalesce().isZero() ? Optional.empty() : findHeld(file, caller, grant, now);
    }

    private synchronized Optional<TokenFile.Minted> findHeld(
            TokenFile file, Caller caller, Verdict.Grant grant, Instant now) {
        forget(now);
        Held held = tokens.get(Slot.of(file, caller));
        if (held == null
                || held.file() != file
                || !held.caller().isSameProcessAs(caller)
                || !held.minted().grant().equals(grant)
                || !file.mayGiveAgain(held.minted(), now)) {
            return Optional.empty();
        }
        return Optional.of(held.minted());
    }

    /** Keeps a token that is on the record. */
    void keep(TokenFile file, Caller caller, TokenFile.Minted minted) {
        if (!file.pace().coalesce().isZero()) {
            hold(file, caller, minted);
        }
    }

    private synchronized void hold(TokenFile file, Caller caller, TokenFile.Minted minted) {
        Slot slot = Slot.of(file, caller);
        tokens.remove(slot);
        tokens.put(slot, new Held(file, caller, minted));
        if (tokens.size() > mostTokens) {
            tokens.remove(tokens.keySet().iterator().next());
        }
    }

    private void forget(Instant now) {
        Iterator<Held> oldestFirst = tokens.values().iterator();
        while (oldestFirst.hasNext()
                && oldestFirst.next().minted().at().plus(Pace.LONGEST_COALESCE).isBefore(now)) {
            oldestFirst.remove();
        }
    }

    /** How many tokens are kept. */
    synchronized int size() {
        return tokens.size();
    }
}
