package dev.credfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.credfs.policy.Failure;
import dev.credfs.policy.RefusedException;
import dev.credfs.policy.Uid;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

final class PlacesTest {
    private static final Uid ALICE = new Uid(1000);

    private static List<Places.Place> takeAll(Places places, Uid uid) {
        List<Places.Place> taken = new ArrayList<>();
        while (true) {
            try {
                taken.add(places.enter(uid));
            } catch (RefusedException e) {
                assertThat(e.failure()).isEqualTo(Failure.BUSY);
                return taken;
            }
        }
    }

    @Test
    void userThatTakesAllItCanLeavesAPlaceForEverybodyElse() throws Exception {
        Places places = new Places(64);
        assertThat(takeAll(places, ALICE)).hasSize(32);
        assertThat(takeAll(places, new Uid(1001))).hasSize(16);
        for (int uid = 2000; uid < 2004; uid++) {
            places.enter(new Uid(uid));
        }
    }

    @Test
    void whileRequestsAreQuickOneUserIsNeverRefused() throws Exception {
        Places places = new Places(4);
        ExecutorService readers = Executors.newFixedThreadPool(32);
        try {
            List<Future<?>> reads = new ArrayList<>();
            for (int i = 0; i < 20_000; i++) {
                reads.add(readers.submit(() -> {
                    places.leave(places.enter(ALICE));
                    return null;
                }));
            }
            for (Future<?> read : reads) {
                read.get();
            }
        } finally {
            readers.shutdownNow();
        }
    }

    @Test
    void leftPlaceIsFreeOnce() throws Exception {
        Places places = new Places(2);
        Places.Place place = places.enter(ALICE);
        assertThatThrownBy(() -> places.enter(ALICE)).hasMessageContaining("1 tokens of this user");
        places.leave(place);
        places.leave(place);
        assertThat(takeAll(places, ALICE)).hasSize(1);
    }

    @Test
    void singlePlaceCanBeTaken() throws Exception {
        assertThat(takeAll(new Places(1), ALICE)).hasSize(1);
    }
}
