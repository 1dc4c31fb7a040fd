package io.github.grpclb.balancer.pick;

import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.connection.CallTracking;
import io.github.grpclb.discovery.Internal;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Makes a step where a configuration asks for it. */
@Internal
public interface StepFactory {

    /** Returns the step, or null where it is not configured. */
    @Nullable
    Step create(LbConfig config, Setting setting);

    /** Forgets what the step has left behind in the channel: the configuration that holds from now on is without it. */
    default void withdraw(ChannelMemory memory) {}

    /**
     * What steps are made of.
     *
     * @param channel the channel's name, for the log
     * @param chance gives a number from 0 to below 1; thread-safe
     */
    record Setting(ChannelMemory memory, CallTracking tracking, String channel, DoubleSupplier chance) {

        LongSupplier nanoTime() {
            return tracking.loads().nanoTime();
        }
    }
}
