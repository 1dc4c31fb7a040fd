package io.github.grpclb.discovery;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a process gets on with its registry, for health and metrics. What it knows already: nothing is sent. Thread-safe. */
public interface RegistryStatus {

    /** Returns what the registry is called, such as {@code etcd}. */
    String name();

    /** Returns why the registry is away, or null while it answers or nothing has been asked. */
    @Nullable
    String unreachableBecause();

    /** Returns what the registry refuses to this process and why, or null while it refuses nothing. */
    @Nullable
    String refusedBecause();

    /** Returns how long ago the registry last answered, be it with an error of its own, or null while it never did. */
    @Nullable
    Duration sinceLastAnswer();
}
