package io.github.grpclb.etcd.embedded;

import java.time.Duration;
import java.util.function.LongSupplier;

/** Time that passes when a test says so. Starts shortly before the point where {@code System.nanoTime()} may overflow. */
final class FakeTicker implements LongSupplier {

    private long now = Long.MAX_VALUE - 1_000;

    void advance(Duration time) {
        now += time.toNanos();
    }

    @Override
    public long getAsLong() {
        return now;
    }
}
