package io.github.grpclb.etcd;

import io.github.grpclb.testing.FakeClock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/** Since when nothing troubles somebody, and from when on all must be well with him again. */
final class Calm {

    /** What troubles for a while. */
    enum Trouble {
        ETCD,
        REFUSAL,
        NO_SPACE,
        LOST_ANSWERS,
        LOST_GRANTS,
        SLOW,
        MUTE,
        CUT,
        THROWING,
        FROZEN
    }

    private final FakeClock clock;
    private final Set<Trouble> troubles = EnumSet.noneOf(Trouble.class);
    private long due;

    Calm(FakeClock clock) {
        this.clock = clock;
    }

    void begin(Trouble trouble) {
        troubles.add(trouble);
    }

    /** Ends a trouble, if there was such a one; after a time all must be well. */
    void end(Trouble trouble, Duration bound) {
        if (troubles.remove(trouble)) {
            shock(bound);
        }
    }

    /** Something happened that is over already; after a time all must be well. */
    void shock(Duration bound) {
        due = Math.max(due, clock.nanoTime() + bound.toNanos());
    }

    boolean has(Trouble trouble) {
        return troubles.contains(trouble);
    }

    /** Whether all must have been well for a time. */
    boolean isDue(Duration since) {
        return troubles.isEmpty() && clock.nanoTime() >= due + since.toNanos();
    }

    long due() {
        return due;
    }
}
