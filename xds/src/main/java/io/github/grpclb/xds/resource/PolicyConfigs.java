package io.github.grpclb.xds.resource;

import com.github.xds.type.v3.TypedStruct;
import com.google.protobuf.Any;
import com.google.protobuf.ListValue;
import com.google.protobuf.Message;
import com.google.protobuf.NullValue;
import com.google.protobuf.Struct;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.Value;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.config.core.v3.TypedExtensionConfig;
import io.envoyproxy.envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin;
import io.envoyproxy.envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest;
import io.envoyproxy.envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash;
import io.envoyproxy.envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin;
import io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;
import io.github.grpclb.xds.config.BalancingPolicy;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes a policy into a cluster: as the list of gRFC A52, of which a client takes the first that it knows, and in the older field, for
 * clients that do not read the list.
 */
final class PolicyConfigs {

    private PolicyConfigs() {}

    static void write(BalancingPolicy policy, Cluster.Builder cluster) {
        LoadBalancingPolicy.Builder list = LoadBalancingPolicy.newBuilder();
        // in the older field what all clients know: C-core refuses the whole cluster for another
        cluster.setLbPolicy(Cluster.LbPolicy.ROUND_ROBIN);
        if (policy instanceof BalancingPolicy.LeastRequest leastRequest) {
            add(
                    list,
                    byLocality(LeastRequest.newBuilder()
                            .setChoiceCount(UInt32Value.of(leastRequest.choices()))
                            .build()));
        } else if (policy instanceof BalancingPolicy.RingHash) {
            cluster.setLbPolicy(Cluster.LbPolicy.RING_HASH);
            cluster.getRingHashLbConfigBuilder().setHashFunction(Cluster.RingHashLbConfig.HashFunction.XX_HASH);
            add(
                    list,
                    RingHash.newBuilder()
                            .setHashFunction(RingHash.HashFunction.XX_HASH)
                            .build());
        } else if (policy instanceof BalancingPolicy.ReportedLoad reported) {
            add(
                    list,
                    byLocality(ClientSideWeightedRoundRobin.newBuilder()
                            .setBlackoutPeriod(Durations.of(reported.blackout()))
                            .setWeightExpirationPeriod(Durations.of(reported.expiry()))
                            .build()));
        } else if (policy instanceof BalancingPolicy.Named named) {
            add(
                    list,
                    TypedStruct.newBuilder()
                            .setTypeUrl("type.googleapis.com/" + named.name())
                            .setValue(struct(named.config()))
                            .build());
        }
        add(list, byLocality(RoundRobin.getDefaultInstance()));
        cluster.setLoadBalancingPolicy(list);
    }

    /**
     * Chooses a locality by its weight, and then within it; in turn where that policy is not known: Node's client looks no further in the
     * outer list when there is none that it knows in the inner one, but refuses the whole cluster.
     */
    private static WrrLocality byLocality(Message within) {
        WrrLocality.Builder policy = WrrLocality.newBuilder();
        add(policy.getEndpointPickingPolicyBuilder(), within);
        if (!(within instanceof RoundRobin)) {
            add(policy.getEndpointPickingPolicyBuilder(), RoundRobin.getDefaultInstance());
        }
        return policy.build();
    }

    private static void add(LoadBalancingPolicy.Builder list, Message config) {
        list.addPoliciesBuilder()
                .setTypedExtensionConfig(TypedExtensionConfig.newBuilder()
                        .setName(config.getDescriptorForType().getFullName())
                        .setTypedConfig(Any.pack(config)));
    }

    private static Struct struct(Map<?, ?> map) {
        Struct.Builder struct = Struct.newBuilder();
        map.forEach((name, value) -> struct.putFields(String.valueOf(name), value(value)));
        return struct.build();
    }

    private static Value value(@Nullable Object value) {
        Value.Builder builder = Value.newBuilder();
        if (value == null) {
            builder.setNullValue(NullValue.NULL_VALUE);
        } else if (value instanceof Map<?, ?> map) {
            builder.setStructValue(struct(map));
        } else if (value instanceof List<?> list) {
            builder.setListValue(ListValue.newBuilder()
                    .addAllValues(list.stream().map(PolicyConfigs::value).toList()));
        } else if (value instanceof Number number) {
            builder.setNumberValue(number.doubleValue());
        } else if (value instanceof Boolean bool) {
            builder.setBoolValue(bool);
        } else {
            builder.setStringValue(value.toString());
        }
        return builder.build();
    }
}
