package io.github.grpclb.kubernetes;

import io.github.grpclb.discovery.follow.Backoff;
import io.github.grpclb.discovery.follow.RegistryLoop;
import java.time.Duration;

/**
 * How long to wait before the API server is asked again: as {@link Backoff} says; longer where it answered with an error, as it may have
 * too much to do; as long as it asks for; and long where only a person can help. For the loop's thread.
 */
final class Pauses {

    private static final Duration FOR_A_RIGHT = Duration.ofSeconds(27);

    /** The kubelet exchanges a token long before it runs out. */
    private static final Duration FOR_A_TOKEN = Duration.ofSeconds(10);

    private static final Duration LONGEST_ASKED_FOR = Duration.ofMinutes(5);
    private static final int AFTER_AN_ERROR = 5;
    private static final double JITTER = 0.2;

    private final RegistryLoop loop;
    private final Backoff backoff;

    Pauses(RegistryLoop loop) {
        this.loop = loop;
        this.backoff = new Backoff(loop);
    }

    /** Begins with short ones again where things went well. */
    void resetIf(boolean wentWell) {
        if (wentWell) {
            backoff.reset();
        }
    }

    /** Returns how long to wait after something that is no failure, or none yet. */
    Duration next() {
        return backoff.next();
    }

    /** Returns how long to wait after a failure. */
    Duration after(ApiFailure failure) {
        Duration asked = failure.retryAfter();
        if (asked != null) {
            return backoff.next().plus(asked.compareTo(LONGEST_ASKED_FOR) > 0 ? LONGEST_ASKED_FOR : asked);
        }
        return switch (failure.kind()) {
            case FORBIDDEN, NO_SUCH_API -> loop.jittered(FOR_A_RIGHT, JITTER);
            case UNAUTHORIZED -> loop.jittered(FOR_A_TOKEN, JITTER);
            case REFUSED -> backoff.next().multipliedBy(AFTER_AN_ERROR);
            default -> backoff.next();
        };
    }
}
