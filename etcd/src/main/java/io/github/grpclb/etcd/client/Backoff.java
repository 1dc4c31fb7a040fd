package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Internal;
import java.time.Duration;

/**
 * How long to wait before the next attempt: "full jitter" (M. Brooker, "Exponential Backoff And Jitter", 2015), a
 * random part of 0.2 s, doubled with each failure, up to 2 s; about 30 s where only a person can help, as each attempt
 * costs etcd a bcrypt. For the loop's thread.
 */
@Internal
public final class Backoff {

    private static final Duration FIRST = Duration.ofMillis(200);
    private static final Duration CAP = Duration.ofSeconds(2);
    private static final Duration FOR_A_RIGHT = Duration.ofSeconds(27);

    /** Longer than {@link EtcdToken} remembers a refusal, so that each attempt asks etcd. */
    private static final Duration FOR_CREDENTIALS = Duration.ofMillis(31_500);

    private static final Duration LEAST = Duration.ofMillis(10);
    private static final int MAX_DOUBLINGS = 10;

    private final EtcdLoop loop;
    private int failures;

    public Backoff(EtcdLoop loop) {
        this.loop = loop;
    }

    public void reset() {
        failures = 0;
    }

    public Duration next(EtcdException failure) {
        return switch (failure.kind()) {
            case PERMISSION -> loop.jittered(FOR_A_RIGHT, 0.1);
            case AUTHENTICATION -> loop.jittered(FOR_CREDENTIALS, 0.04);
            default -> next();
        };
    }

    public Duration next() {
        long limit = Math.min(CAP.toNanos(), FIRST.toNanos() << Math.min(failures++, MAX_DOUBLINGS));
        return Duration.ofNanos(loop.random().nextLong(LEAST.toNanos(), limit + 1));
    }
}
