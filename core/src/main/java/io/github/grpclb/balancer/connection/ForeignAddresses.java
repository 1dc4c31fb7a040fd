package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.resolver.EndpointAttributes;
import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.InternalEquivalentAddressGroup;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives addresses of another resolver, such as dns's or xDS's, the endpoints that ours have: with the weight that gRPC's own resolvers
 * write down (gRFC A113), if they do. Weights beyond the range of an endpoint's are scaled down together.
 */
final class ForeignAddresses {

    private static final Attributes.@Nullable Key<Long> WEIGHT = weightKey();

    private ForeignAddresses() {}

    /**
     * Returns a list whose groups have endpoints. Of one resolver all have, or none.
     *
     * @param service whose endpoints they are to be
     */
    static List<EquivalentAddressGroup> withEndpoints(List<EquivalentAddressGroup> groups, String service) {
        if (groups.isEmpty() || groups.get(0).getAttributes().get(EndpointAttributes.ENDPOINT) != null) {
            return groups;
        }
        long heaviest =
                groups.stream().mapToLong(ForeignAddresses::weight).max().orElse(1);
        double scale = Math.min(1, (double) Endpoint.MAX_WEIGHT / heaviest);
        List<EquivalentAddressGroup> all = new ArrayList<>(groups.size());
        for (EquivalentAddressGroup group : groups) {
            Endpoint endpoint = endpoint(group.getAddresses().get(0), service).toBuilder()
                    .weight((int) Math.max(1, Math.round(weight(group) * scale)))
                    .build();
            all.add(new EquivalentAddressGroup(
                    group.getAddresses(),
                    group.getAttributes().toBuilder()
                            .set(EndpointAttributes.ENDPOINT, endpoint)
                            .build()));
        }
        return all;
    }

    private static Endpoint endpoint(SocketAddress address, String service) {
        return address instanceof InetSocketAddress inet && inet.getPort() > 0
                ? Endpoint.builder(service, host(inet), inet.getPort()).build()
                : Endpoint.builder(service, address.toString(), 1).build();
    }

    /** A name leads to any number of servers: their addresses tell them apart. */
    private static String host(InetSocketAddress address) {
        return address.isUnresolved()
                ? address.getHostString()
                : address.getAddress().getHostAddress();
    }

    private static long weight(EquivalentAddressGroup group) {
        Long weight = WEIGHT == null ? null : group.getAttributes().get(WEIGHT);
        return weight == null ? 1 : Math.max(1, weight);
    }

    /** A version of gRPC may have none: it is no part of its public interface. */
    private static Attributes.@Nullable Key<Long> weightKey() {
        try {
            return InternalEquivalentAddressGroup.ATTR_WEIGHT;
        } catch (LinkageError e) {
            return null;
        }
    }
}
