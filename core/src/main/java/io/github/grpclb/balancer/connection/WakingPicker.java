package io.github.grpclb.balancer.connection;

import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.concurrent.atomic.AtomicBoolean;

/** Has a connection made for the first call that picks it, and lets calls wait for it. Thread-safe. */
final class WakingPicker extends SubchannelPicker {

    private static final PickResult WAIT = DelayedPick.connecting(
            "the endpoint is outside of the channel's subset, and is connected to for this call");

    private final AtomicBoolean asked = new AtomicBoolean();
    private final Runnable wake;

    /**
     * Creates it.
     *
     * @param wake run once, on the thread of a call
     */
    WakingPicker(Runnable wake) {
        this.wake = wake;
    }

    @Override
    public PickResult pickSubchannel(PickSubchannelArgs call) {
        if (!asked.get() && asked.compareAndSet(false, true)) {
            wake.run();
        }
        return WAIT;
    }
}
