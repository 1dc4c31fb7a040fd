package io.github.grpclb.discovery.stale;

import io.github.grpclb.discovery.Internal;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a person of mass expiries, at most once a minute: one comes in several lists. Not thread-safe. */
@Internal
public final class MassExpiryLog {

    private static final Logger logger = LoggerFactory.getLogger(MassExpiryLog.class);

    private static final long INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final String target;
    private final Duration staleMax;
    private boolean said;
    private long saidAt;

    public MassExpiryLog(String target, Duration staleMax) {
        this.target = target;
        this.staleMax = staleMax;
    }

    public void suspected(int endpoints, int left, long now) {
        if (endpoints > 0 && (!said || now - saidAt >= INTERVAL_NANOS)) {
            said = true;
            saidAt = now;
            logger.warn(
                    "{}: endpoints that vanished from the registry together, without having drained: {}, with {} left; those whose"
                            + " connection is ready stay in use for up to {}",
                    target,
                    endpoints,
                    left,
                    staleMax);
        }
    }

    public void givenUp(int endpoints) {
        if (endpoints > 0) {
            logger.info("{}: {} endpoints were not listed again for {} and are given up", target, endpoints, staleMax);
        }
    }
}
