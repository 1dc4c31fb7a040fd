package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;
import java.time.Duration;

/**
 * How long to wait before the next attempt: "full jitter" (M. Brooker, "Exponential Backoff And Jitter", 2015), a random part of 0.2 s,
 * doubled with each failure, up to 2 s. For the loop's thread.
 */
@Internal
public final class Backoff {

    private static final Duration FIRST = Duration.ofMillis(200);
    private static final Duration CAP = Duration.ofSeconds(2);
    private static final Duration LEAST = Duration.ofMillis(10);
    private static final int MAX_DOUBLINGS = 10;

    private final RegistryLoop loop;
    private int failures;

    public Backoff(RegistryLoop loop) {
        this.loop = loop;
    }

    public void reset() {
        failures = 0;
    }

    public Duration next() {
        long limit = Math.min(CAP.toNanos(), FIRST.toNanos() << Math.min(failures++, MAX_DOUBLINGS));
        return Duration.ofNanos(loop.random().nextLong(LEAST.toNanos(), limit + 1));
    }
}
