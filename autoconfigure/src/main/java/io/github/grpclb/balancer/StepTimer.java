package io.github.grpclb.balancer;

import io.grpc.LoadBalancer.Helper;
import io.grpc.SynchronizationContext.ScheduledHandle;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Wakes the balancer when time may have changed something; asleep while nothing waits. Confined to the synchronization context. */
final class StepTimer {

    private final Helper helper;
    private final LongSupplier nanoTime;
    private final Runnable wake;
    private @Nullable ScheduledHandle pending;
    private long wakesAt;

    StepTimer(Helper helper, LongSupplier nanoTime, Runnable wake) {
        this.helper = helper;
        this.nanoTime = nanoTime;
        this.wake = wake;
    }

    /**
     * Wakes after a time, and no more at the time that was asked for before.
     *
     * @param nanos from now on, or {@link Timed#NEVER}
     */
    void wakeIn(long nanos) {
        if (nanos == Timed.NEVER) {
            cancel();
            return;
        }
        long at = nanoTime.getAsLong() + nanos;
        if (pending != null && pending.isPending() && wakesAt == at) {
            return;
        }
        cancel();
        wakesAt = at;
        pending = helper.getSynchronizationContext()
                .schedule(wake, nanos, TimeUnit.NANOSECONDS, helper.getScheduledExecutorService());
    }

    void cancel() {
        if (pending != null) {
            pending.cancel();
            pending = null;
        }
    }
}
