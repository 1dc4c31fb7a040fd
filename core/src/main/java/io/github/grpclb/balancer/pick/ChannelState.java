package io.github.grpclb.balancer.pick;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import java.util.Map;
import java.util.Set;

/** What a channel's balancer does with its servers now, for those who watch it. Thread-safe. */
@Internal
public final class ChannelState {

    private volatile Map<Endpoint.Identity, Ejection> ejections = Map.of();
    private volatile Map<Endpoint.Identity, Long> readmissions = Map.of();
    private volatile Map<String, String> panics = Map.of();

    ChannelState() {}

    /** Returns the servers that are ejected as outliers. */
    public Set<Endpoint.Identity> ejected() {
        return ejections.keySet();
    }

    /** Returns why the servers are ejected that are. */
    public Map<Endpoint.Identity, Ejection> ejections() {
        return ejections;
    }

    /** Returns when servers came back that had been ejected, by the monotonic clock. */
    Map<Endpoint.Identity, Long> readmissions() {
        return readmissions;
    }

    /**
     * Returns the parts of the channel's servers that have so few usable ones that ejected ones are used as well; the empty name
     * stands for all servers.
     */
    public Set<String> panicking() {
        return panics.keySet();
    }

    /** Returns the same, with how few of them are usable. */
    public Map<String, String> panics() {
        return panics;
    }

    void setEjected(Map<Endpoint.Identity, Ejection> servers, Map<Endpoint.Identity, Long> readmitted) {
        ejections = Map.copyOf(servers);
        readmissions = Map.copyOf(readmitted);
    }

    void setPanics(Map<String, String> pools) {
        panics = Map.copyOf(pools);
    }
}
