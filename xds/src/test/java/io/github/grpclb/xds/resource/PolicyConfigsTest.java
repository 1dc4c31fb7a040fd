package io.github.grpclb.xds.resource;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.LoadBalancingPolicy;
import io.envoyproxy.envoy.extensions.load_balancing_policies.wrr_locality.v3.WrrLocality;
import io.github.grpclb.xds.config.BalancingPolicy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What clients read that know fewer policies than others: gRPC's in Node, and those over its C core. */
class PolicyConfigsTest {

    static Stream<BalancingPolicy> policiesThatNotEveryClientKnows() {
        return Stream.of(
                new BalancingPolicy.LeastRequest(2),
                new BalancingPolicy.ReportedLoad(Duration.ZERO, Duration.ofMinutes(1)),
                new BalancingPolicy.Named("endpoint_lb", Map.of()));
    }

    /** Whoever does not read the list refuses a cluster with a policy that it does not know. */
    @ParameterizedTest
    @MethodSource("policiesThatNotEveryClientKnows")
    void areRoundRobinInTheOlderField(BalancingPolicy policy) {
        assertThat(written(policy).getLbPolicy()).isEqualTo(Cluster.LbPolicy.ROUND_ROBIN);
    }

    @Test
    void isTheRingInTheOlderFieldToo() {
        assertThat(written(new BalancingPolicy.RingHash("user")).getLbPolicy()).isEqualTo(Cluster.LbPolicy.RING_HASH);
    }

    /** Whoever knows wrr_locality, and no policy in it, refuses the cluster, and looks no further. */
    @ParameterizedTest
    @MethodSource("policiesThatNotEveryClientKnows")
    void endInRoundRobinWhereverAPolicyIsChosen(BalancingPolicy policy) throws InvalidProtocolBufferException {
        List<Any> list = configs(written(policy).getLoadBalancingPolicy());
        assertThat(list).hasSize(2);
        for (Any config : list) {
            if (config.is(WrrLocality.class)) {
                List<Any> within = configs(config.unpack(WrrLocality.class).getEndpointPickingPolicy());
                assertThat(within.get(within.size() - 1).getTypeUrl()).endsWith(".RoundRobin");
            }
        }
        assertThat(list.get(1).is(WrrLocality.class)).isTrue();
    }

    private static Cluster written(BalancingPolicy policy) {
        Cluster.Builder cluster = Cluster.newBuilder();
        PolicyConfigs.write(policy, cluster);
        return cluster.build();
    }

    private static List<Any> configs(LoadBalancingPolicy policy) {
        return policy.getPoliciesList().stream()
                .map(each -> each.getTypedExtensionConfig().getTypedConfig())
                .toList();
    }
}
