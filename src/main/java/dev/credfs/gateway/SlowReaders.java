package dev.credfs.gateway;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The clients that have not taken what waits for them. Each holds as much memory as may wait for one, so there is room for so
 * many; for one more, the one that has not moved for the longest gives way. A client that reads moves all the time.
 */
final class SlowReaders {
    private final int max;
    private final Set<ClientSide> waiting = new LinkedHashSet<>();

    SlowReaders(int max) {
        this.max = max;
    }

    /** Adds {@code client}, which was not there or has moved since. */
    void add(ClientSide client) {
        ClientSide longest = null;
        synchronized (waiting) {
            waiting.remove(client);
            waiting.add(client);
            if (waiting.size() > max) {
                Iterator<ClientSide> oldestFirst = waiting.iterator();
                longest = oldestFirst.next();
                oldestFirst.remove();
            }
        }
        if (longest != null) {
            longest.giveWay();
        }
    }

    void remove(ClientSide client) {
        synchronized (waiting) {
            waiting.remove(client);
        }
    }
}
