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
 */
public record EndpointSnapshot(String service, long revision, List<Endpoint> endpoints) {

    public EndpointSnapshot {
        endpoints = List.copyOf(endpoints);
    }
}
