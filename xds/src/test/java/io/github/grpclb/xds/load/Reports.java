package io.github.grpclb.xds.load;

import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterStats;
import io.envoyproxy.envoy.config.endpoint.v3.UpstreamLocalityStats;
import io.envoyproxy.envoy.service.load_stats.v3.LoadStatsRequest;
import java.util.List;
import java.util.Map;

/** Reports as clients write them, for tests. */
public final class Reports {

    private Reports() {}

    /** Returns a report of one cluster. */
    public static LoadStatsRequest report(String cluster, UpstreamLocalityStats.Builder... localities) {
        return LoadStatsRequest.newBuilder()
                .addClusterStats(cluster(cluster, localities))
                .build();
    }

    /** Returns what is said of a cluster. */
    public static ClusterStats.Builder cluster(String cluster, UpstreamLocalityStats.Builder... localities) {
        ClusterStats.Builder stats =
                ClusterStats.newBuilder().setClusterName(cluster).setClusterServiceName(cluster);
        List.of(localities).forEach(stats::addUpstreamLocalityStats);
        return stats;
    }

    /** Returns what is said of a locality: 2 calls fail, and 1 has not ended. */
    public static UpstreamLocalityStats.Builder locality(String zone, String subZone, long succeeded) {
        return UpstreamLocalityStats.newBuilder()
                .setLocality(Locality.newBuilder().setZone(zone).setSubZone(subZone))
                .setTotalIssuedRequests(succeeded + 3)
                .setTotalSuccessfulRequests(succeeded)
                .setTotalErrorRequests(2)
                .setTotalRequestsInProgress(1);
    }

    /** Returns what such a locality is read as. */
    static LocalityLoad load(Place place, long succeeded, Map<String, MetricSum> metrics) {
        return new LocalityLoad(place.zone(), place.address(), succeeded + 3, succeeded, 2, 1, metrics);
    }
}
