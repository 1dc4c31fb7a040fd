package io.github.grpclb.bench;

import io.github.grpclb.balancer.PolicyLoadBalancerProvider;
import io.github.grpclb.policy.RoutingKeys;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FakeCall;
import io.grpc.CallOptions;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** All policies that spread calls, each through the whole balancer. */
final class OurContenders {

    private OurContenders() {}

    static Stream<String> names() {
        return Policies.with(List.of()).names().stream().filter(name -> !name.equals("pick_first"));
    }

    static IntFunction<Contender> named(String policy) {
        return size -> {
            ReadyChannel channel = channel(policy);
            channel.accept(policy.startsWith("weighted") ? Fleet.weighted(size) : Fleet.equal(size));
            SubchannelPicker picker = channel.picker();
            if (policy.equals("consistent_hash")) {
                PickSubchannelArgs[] calls =
                        Keys.calls(user -> CallOptions.DEFAULT.withOption(RoutingKeys.HASH_KEY, Keys.key(user)));
                return turn -> picker.pickSubchannel(calls[Keys.user(turn)]);
            }
            return turn -> picker.pickSubchannel(FakeCall.PLAIN);
        };
    }

    static ReadyChannel channel(String policy) {
        return new ReadyChannel(new PolicyLoadBalancerProvider(), Map.of("policy", policy));
    }
}
