package io.github.grpclb.balancer;

import io.github.grpclb.balancer.config.LbConfig;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.Status;
import java.util.Map;

/** Provides {@code endpoint_lb}, with the built-in policies, to gRPC. It holds nothing: the registry is shared by the whole JVM. */
public final class PolicyLoadBalancerProvider extends LoadBalancerProvider {

    /** The balancer's name in a service config. */
    public static final String NAME = "endpoint_lb";

    /** For the service loader. */
    public PolicyLoadBalancerProvider() {}

    @Override
    public boolean isAvailable() {
        return true;
    }

    @Override
    public int getPriority() {
        return 5;
    }

    @Override
    public String getPolicyName() {
        return NAME;
    }

    @Override
    public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
        return new ChannelLoadBalancer(helper);
    }

    /** Checks the form; whether the policy exists is known only to the channel. */
    @Override
    public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> raw) {
        try {
            return ConfigOrError.fromConfig(LbConfig.parse(raw));
        } catch (RuntimeException e) {
            return ConfigOrError.fromError(Status.UNAVAILABLE
                    .withDescription(NAME + ": " + e.getMessage())
                    .withCause(e));
        }
    }
}
