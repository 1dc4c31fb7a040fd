package io.github.grpclb.discovery.follow;

import io.github.grpclb.discovery.Internal;
import java.time.Duration;

/**
 * When lists are published: the first at once, then at most ten a second; again in a moment where that throws. For the loop's thread.
 */
@Internal
public final class Pace {

    private static final Duration COALESCE = Duration.ofMillis(100);

    /** When a list is published that could not be. */
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final RegistryLoop loop;
    private final Runnable publish;
    private final Alarm next;
    private boolean waits;
    private boolean published;
    private long publishedAt;

    /**
     * Creates it.
     *
     * @param publish publishes what is known by then; says {@link #published} where that was news
     */
    public Pace(RegistryLoop loop, Runnable publish) {
        this.loop = loop;
        this.publish = publish;
        this.next = new Alarm(loop);
    }

    /** Publishes, now or as soon as the time before is long enough ago. */
    public void soon() {
        Duration since = loop.since(publishedAt);
        if (!published || since.compareTo(COALESCE) >= 0) {
            now();
        } else if (!waits) {
            waits = true;
            next.set(COALESCE.minus(since), this::now);
        }
    }

    /** Hears that something was published. */
    public void published() {
        published = true;
        publishedAt = loop.now();
    }

    /** Publishes nothing any more. */
    public void cancel() {
        next.cancel();
    }

    private void now() {
        waits = true;
        next.set(RETRY, this::now);
        publish.run();
        waits = false;
        next.cancel();
    }
}
