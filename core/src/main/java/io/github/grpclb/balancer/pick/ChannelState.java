package io.github.grpclb.balancer.pick;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import java.util.Set;

/** What a channel's balancer does with its servers now, for those who watch it. Thread-safe. */
@Internal
public final class ChannelState {

    private volatile Set<Endpoint.Identity> ejected = Set.of();
    private volatile Set<String> panicking = Set.of();

    ChannelState() {}

    /** Returns the servers that are ejected as outliers. */
    public Set<Endpoint.Identity> ejected() {
        return ejected;
    }

    /**
     * Returns the parts of the channel's servers that have so few usable ones that ejected ones are used as well; the empty name
     * stands for all servers.
     */
    public Set<String> panicking() {
        return panicking;
    }

    void setEjected(Set<Endpoint.Identity> servers) {
        ejected = Set.copyOf(servers);
    }

    void setPanicking(Set<String> pools) {
        panicking = Set.copyOf(pools);
    }
}
