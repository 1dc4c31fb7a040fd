package io.github.grpclb.xds.load;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one client reported of its calls to a cluster, or the sum of what several did. Immutable.
 *
 * @param service the service's name
 * @param part which of the service's servers the cluster stands for, such as {@code version=v2}; null for all
 * @param period for how long the client counted; of a sum, the longest. Longer than the interval of reports where it could not reach
 *     the control plane. Not negative
 * @param dropped how many calls the client dropped without choosing a server, such as those beyond a limit of calls in flight; not
 *     negative
 * @param localities to which servers its calls went, each once
 */
public record ClusterLoad(
        String service, @Nullable String part, Duration period, long dropped, List<LocalityLoad> localities) {

    public ClusterLoad {
        localities = List.copyOf(localities);
    }
}
