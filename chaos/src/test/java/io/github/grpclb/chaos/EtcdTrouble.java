package io.github.grpclb.chaos;

import io.github.grpclb.testing.EtcdProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Kills, freezes and wipes an etcd at random moments, each as often as the others, until it is closed; then etcd runs. */
final class EtcdTrouble implements AutoCloseable {

    private enum Kind {
        KILLED,
        FROZEN,
        WIPED
    }

    /** From the end of one fault to the next one. */
    private static final int SHORTEST_CALM_MILLIS = 5_000;

    private static final int LONGEST_CALM_MILLIS = 20_000;

    private final EtcdProcess etcd;
    private final Random random;
    private final Map<String, Integer> counts = new TreeMap<>();
    private final Thread thread = new Thread(this::run, "etcd-trouble");
    private volatile boolean closed;

    /** Begins. */
    EtcdTrouble(EtcdProcess etcd, Random random) {
        this.etcd = etcd;
        this.random = random;
        thread.start();
    }

    /** Ends it, once the fault of now is over. */
    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join();
    }

    /** Returns how often etcd was killed, frozen, wiped. To be asked once this is closed. */
    Map<String, Integer> summary() {
        return counts;
    }

    private void run() {
        List<Kind> left = new ArrayList<>();
        while (!closed) {
            if (left.isEmpty()) {
                left.addAll(List.of(Kind.values()));
                Collections.shuffle(left, random);
            }
            calm();
            if (!closed) {
                Kind kind = left.remove(0);
                inflict(kind);
                counts.merge(kind.name().toLowerCase(java.util.Locale.ROOT), 1, Integer::sum);
            }
        }
    }

    private void calm() {
        long end = System.nanoTime()
                + Duration.ofMillis(random.nextInt(SHORTEST_CALM_MILLIS, LONGEST_CALM_MILLIS))
                        .toNanos();
        while (!closed && System.nanoTime() - end < 0) {
            Scene.during(Duration.ofMillis(100));
        }
    }

    private void inflict(Kind kind) {
        switch (kind) {
            case KILLED -> {
                etcd.kill();
                Scene.during(Duration.ofMillis(random.nextInt(8_000)));
                etcd.start();
            }
            case FROZEN -> {
                etcd.pause();
                Scene.during(Scene.TTL.plusMillis(random.nextInt(1_000, 5_000)));
                etcd.resume();
            }
            case WIPED -> {
                etcd.kill();
                etcd.wipeData();
                Scene.during(Duration.ofMillis(random.nextInt(3_000)));
                etcd.start();
            }
        }
    }
}
