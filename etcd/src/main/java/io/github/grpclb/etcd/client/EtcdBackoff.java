package io.github.grpclb.etcd.client;

import io.github.grpclb.discovery.Internal;
import io.github.grpclb.discovery.follow.Backoff;
import java.time.Duration;

/**
 * How long to wait before etcd is asked again: as {@link Backoff} says, and about 30 s where only a person can help, as each attempt costs
 * etcd a bcrypt. For the loop's thread.
 */
@Internal
public final class EtcdBackoff {

    private static final Duration FOR_A_RIGHT = Duration.ofSeconds(27);

    /** Longer than {@link EtcdToken} remembers a refusal, so that each attempt asks etcd. */
    private static final Duration FOR_CREDENTIALS = Duration.ofMillis(31_500);

    private final EtcdLoop loop;
    private final Backoff backoff;

    public EtcdBackoff(EtcdLoop loop) {
        this.loop = loop;
        this.backoff = new Backoff(loop);
    }

    public void reset() {
        backoff.reset();
    }

    public Duration next(EtcdException failure) {
        return switch (failure.kind()) {
            case PERMISSION -> loop.jittered(FOR_A_RIGHT, 0.1);
            case AUTHENTICATION -> loop.jittered(FOR_CREDENTIALS, 0.04);
            default -> next();
        };
    }

    public Duration next() {
        return backoff.next();
    }
}
