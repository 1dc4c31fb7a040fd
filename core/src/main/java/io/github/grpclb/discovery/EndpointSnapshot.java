package io.github.grpclb.discovery;

import java.util.List;

/**
 * All endpoints of a service at one revision of the registry. Immutable.
 *
 * @param service the service's name
 * @param revision the registry's revision, growing from one snapshot to the next of the same registry; 0 when it has none.
 *     It goes back only when the registry itself lost data
 * @param endpoints the endpoints in a stable order (by key), no address twice; may be empty. Endpoints that did not change are
 *     the same objects as in the snapshot before
 * @param balancing what operators override of how calls are balanced; {@link BalancingOverride#NONE} where they override nothing
 */
public record EndpointSnapshot(String service, long revision, List<Endpoint> endpoints, BalancingOverride balancing) {

    public EndpointSnapshot {
        endpoints = List.copyOf(endpoints);
    }

    /** Creates a snapshot without overrides. */
    public EndpointSnapshot(String service, long revision, List<Endpoint> endpoints) {
        this(service, revision, endpoints, BalancingOverride.NONE);
    }

    /** Whether two lists name the same addresses in the same order. One pass, and mostly over the same objects: cheap for thousands. */
    public static boolean haveSameAddresses(List<Endpoint> one, List<Endpoint> other) {
        if (one.size() != other.size()) {
            return false;
        }
        for (int i = 0; i < one.size(); i++) {
            Endpoint a = one.get(i);
            Endpoint b = other.get(i);
            if (a != b && (a.port() != b.port() || !a.host().equals(b.host()))) {
                return false;
            }
        }
        return true;
    }
}
