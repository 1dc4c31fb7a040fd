package io.github.grpclb.balancer.pick;

import io.github.grpclb.discovery.Internal;
import io.grpc.LoadBalancer.Helper;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Wakes the balancer when time may have changed something; asleep while nothing waits. Confined to the synchronization context. */
@Internal
public final class StepTimer {

    private final Helper helper;
    private final Runnable wake;
    private @Nullable ScheduledHandle pending;

    public StepTimer(Helper helper, Runnable wake) {
        this.helper = helper;
        this.wake = wake;
    }

    /**
     * Wakes after a time, and no more at the time that was asked for before.
     *
     * @param nanos from now on, or {@link Timed#NEVER}
     */
    public void wakeIn(long nanos) {
        cancel();
        if (nanos != Timed.NEVER) {
            pending = helper.getSynchronizationContext()
                    .schedule(wake, nanos, TimeUnit.NANOSECONDS, helper.getScheduledExecutorService());
        }
    }

    public void cancel() {
        if (pending != null) {
            pending.cancel();
            pending = null;
        }
    }
}
