package io.github.grpclb.xds.resource;

import com.google.protobuf.UInt32Value;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.core.v3.Locality;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.endpoint.v3.ClusterLoadAssignment;
import io.envoyproxy.envoy.config.endpoint.v3.LbEndpoint;
import io.envoyproxy.envoy.config.endpoint.v3.LocalityLbEndpoints;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.xds.config.Weights;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@code ClusterLoadAssignment} of a list of endpoints. Who drains, or has weight 0 while another one has more, is listed as
 * {@code DRAINING}: clients make it no new calls. Where that is everybody, it is nobody. Whom an operator has disabled is listed so in
 * any case.
 */
final class Assignment {

    /** Clients refuse an assignment whose weights add up to more than an unsigned integer holds. */
    private static final long LARGEST_SUM = 0xffff_ffffL;

    /** Tells the locality of the others from that of the members. */
    private static final String OTHERS = "others";

    private final Weights weights;
    private final @Nullable String zone;
    private final boolean nobodyTakesCalls;
    private final boolean allWeigh0;
    private final double scale;

    private Assignment(List<Endpoint> endpoints, Weights weights, @Nullable String zone) {
        this.weights = weights;
        this.zone = zone;
        this.nobodyTakesCalls = endpoints.stream().noneMatch(each -> each.state() == Endpoint.State.UP);
        this.allWeigh0 = endpoints.stream().filter(this::isUp).allMatch(each -> each.weight() == 0);
        long sum = endpoints.stream().mapToLong(this::registeredWeight).sum();
        this.scale = sum > LARGEST_SUM - endpoints.size() ? (double) (LARGEST_SUM - endpoints.size()) / sum : 1;
    }

    /**
     * Makes it.
     *
     * @param cluster its name
     * @param members the endpoints, those whose host is an IP literal
     * @param others that follow them, for when none of the members can be reached
     * @param zone whose endpoints come first, of each; null where all are alike
     */
    static ClusterLoadAssignment of(
            String cluster, List<Endpoint> members, List<Endpoint> others, Weights weights, @Nullable String zone) {
        List<Endpoint> all = new ArrayList<>(members);
        all.addAll(others);
        return new Assignment(all, weights, zone).make(cluster, members, others);
    }

    private ClusterLoadAssignment make(String cluster, List<Endpoint> members, List<Endpoint> others) {
        ClusterLoadAssignment.Builder assignment =
                ClusterLoadAssignment.newBuilder().setClusterName(cluster);
        int priority = 0; // without a gap, which clients refuse
        for (List<Endpoint> endpoints : List.of(members, others)) {
            String marker = endpoints == members ? "" : OTHERS;
            Map<Boolean, List<Endpoint>> byNearness =
                    endpoints.stream().collect(Collectors.partitioningBy(this::isNear));
            for (Boolean near : List.of(true, false)) {
                List<Endpoint> group = byNearness.getOrDefault(near, List.of());
                if (!group.isEmpty()) {
                    addLocalities(assignment, group, near, marker, priority++);
                }
            }
        }
        return assignment.build();
    }

    private boolean isNear(Endpoint endpoint) {
        return zone == null || zone.equals(endpoint.zone());
    }

    private void addLocalities(
            ClusterLoadAssignment.Builder assignment, List<Endpoint> group, boolean near, String marker, int priority) {
        Map<Locality, List<Endpoint>> localities = new LinkedHashMap<>();
        for (Endpoint endpoint : group) {
            localities
                    .computeIfAbsent(localityOf(endpoint, near, marker), first -> new ArrayList<>())
                    .add(endpoint);
        }
        localities.forEach((locality, members) -> {
            LocalityLbEndpoints.Builder builder = assignment
                    .addEndpointsBuilder()
                    .setLocality(locality)
                    .setPriority(priority)
                    .setLoadBalancingWeight(UInt32Value.of((int)
                            members.stream().mapToLong(this::writtenWeight).sum()));
            members.forEach(endpoint -> builder.addLbEndpoints(lbEndpoint(endpoint)));
        });
    }

    /** With weights at the endpoints the policy chooses among all servers of a priority at once, whatever their zones are. */
    private Locality localityOf(Endpoint endpoint, boolean near, String marker) {
        Locality.Builder locality = Locality.newBuilder();
        if (weights == Weights.LOCALITY) {
            if (endpoint.zone() != null) {
                locality.setZone(endpoint.zone());
            }
            return locality.setSubZone(endpoint.address()).build();
        }
        if (near && zone != null) {
            locality.setZone(zone);
        }
        return locality.setSubZone(marker).build();
    }

    private LbEndpoint lbEndpoint(Endpoint endpoint) {
        SocketAddress address = SocketAddress.newBuilder()
                .setAddress(endpoint.host())
                .setPortValue(endpoint.port())
                .build();
        LbEndpoint.Builder builder = LbEndpoint.newBuilder()
                .setHealthStatus(takesCalls(endpoint) ? HealthStatus.HEALTHY : HealthStatus.DRAINING)
                .setLoadBalancingWeight(UInt32Value.of((int) writtenWeight(endpoint)));
        builder.getEndpointBuilder().setAddress(Address.newBuilder().setSocketAddress(address));
        return builder.build();
    }

    private boolean takesCalls(Endpoint endpoint) {
        return isUp(endpoint) && (allWeigh0 || endpoint.weight() > 0);
    }

    private boolean isUp(Endpoint endpoint) {
        return endpoint.state() == (nobodyTakesCalls ? Endpoint.State.DRAINING : Endpoint.State.UP);
    }

    private long registeredWeight(Endpoint endpoint) {
        return Math.max(1, endpoint.weight());
    }

    /** From 1, below which a weight is none. */
    private long writtenWeight(Endpoint endpoint) {
        return scale == 1 ? registeredWeight(endpoint) : 1 + (long) (registeredWeight(endpoint) * scale);
    }
}
