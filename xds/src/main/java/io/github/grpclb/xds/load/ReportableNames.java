package io.github.grpclb.xds.load;

import io.envoyproxy.envoy.config.core.v3.Locality;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.resource.ClusterName;
import io.github.grpclb.xds.resource.ServiceResources;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * By which names clients can report their calls to a service: those of its parts, zones and servers, and of some that are gone, to
 * which calls may still be under way. All others are made up: they are not passed on, so that nobody makes a control plane, or
 * whoever counts what it observes, hold more names than the registry has. Not thread-safe.
 */
@Internal
public final class ReportableNames {

    /** How many that are gone are known. */
    static final int FORMER = 1_000;

    private final String service;
    private ServiceSettings settings;

    /** The servers' zones by their addresses; who is gone for longest comes first. */
    private final Map<String, Place> places = new LinkedHashMap<>();

    /** In the same order. */
    private final Map<ClusterName, Boolean> clusters = new LinkedHashMap<>();

    private Set<String> zones = Set.of();

    public ReportableNames(String service, ServiceSettings settings) {
        this.service = service;
        this.settings = settings;
    }

    /** Takes other settings, for the lists from now on. */
    public void settingsAre(ServiceSettings others) {
        settings = others;
    }

    /** Takes a new list of the service's endpoints. */
    public void list(List<Endpoint> endpoints) {
        for (Endpoint endpoint : endpoints) {
            putLast(places, endpoint.address(), new Place(endpoint.zone(), endpoint.address()));
        }
        forgetFirst(places, endpoints.size());
        zones = places.values().stream()
                .map(Place::zone)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
        Set<ClusterName> present = ServiceResources.clusterNames(service, settings, endpoints);
        present.forEach(cluster -> putLast(clusters, cluster, true));
        forgetFirst(clusters, present.size());
    }

    private static <K, V> void putLast(Map<K, V> map, K key, V value) {
        map.remove(key);
        map.put(key, value);
    }

    private static void forgetFirst(Map<?, ?> map, int present) {
        Iterator<?> first = map.keySet().iterator();
        for (int excess = map.size() - present - FORMER; excess > 0; excess--) {
            first.next();
            first.remove();
        }
    }

    boolean has(ClusterName cluster) {
        return clusters.containsKey(cluster);
    }

    /** Returns where a locality is, as far as it is one that clients were told of. */
    Place placeOf(Locality locality) {
        Place server = places.get(locality.getSubZone());
        if (server != null) {
            return server;
        }
        return zones.contains(locality.getZone()) ? new Place(locality.getZone(), null) : Place.UNKNOWN;
    }
}
