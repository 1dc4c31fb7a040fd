package io.github.grpclb.resolver;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A channel's service config that may change while the channel lives, such as another policy. Its {@code loadBalancingConfig} takes
 * the place of the one that the channel has by properties or arguments, which stays where it has none. Whatever else it says ({@code
 * methodConfig}, {@code retryThrottling}, {@code healthCheckConfig}) takes the place of the whole default service config that is set on
 * the channel, which stays where it says nothing else. One that cannot be read is logged and the last good one stays. Thread-safe.
 *
 * <p>The map is gRPC's JSON form: strings, {@link Boolean}s, {@link Double}s, lists, and maps with string keys.
 */
public final class LiveServiceConfig {

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private volatile @Nullable Map<String, ?> current;

    /** Starts with none: the channel's default service config applies. */
    public LiveServiceConfig() {}

    /**
     * Changes the service config of the channel. Returns at once; the channel takes it over by and by.
     *
     * @param config not to be changed any more; null for none
     */
    public void set(@Nullable Map<String, ?> config) {
        current = config;
        listeners.forEach(Runnable::run);
    }

    /** Returns what was set last, or null. */
    public @Nullable Map<String, ?> get() {
        return current;
    }

    void addListener(Runnable listener) {
        listeners.add(listener);
    }

    void removeListener(Runnable listener) {
        listeners.remove(listener);
    }
}
