package io.github.grpclb.balancer;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import java.util.Map;

/**
 * Provides {@code endpoint_lb_health}: {@code endpoint_lb} under a name that is there only with grpc-services on the class path, for
 * service configs that want another balancer where servers cannot be asked for their health. Both names ask them where {@code
 * healthCheckConfig} of the service config, or {@code healthCheck} of the balancer's own configuration, says so:
 *
 * <pre>{@code
 * {"healthCheckConfig": {"serviceName": "greeter"},
 *  "loadBalancingConfig": [{"endpoint_lb_health": {"policy": "round_robin"}}, {"round_robin": {}}]}
 * }</pre>
 *
 * A live channel that changes from one name to the other makes new connections.
 */
public final class HealthCheckingLoadBalancerProvider extends LoadBalancerProvider {

    /** The balancer's name in a service config. */
    public static final String NAME = PolicyLoadBalancerProvider.NAME + "_health";

    private final PolicyLoadBalancerProvider balancer = new PolicyLoadBalancerProvider();

    /** For the service loader. */
    public HealthCheckingLoadBalancerProvider() {}

    @Override
    public boolean isAvailable() {
        return HealthChecking.isThere();
    }

    @Override
    public int getPriority() {
        return balancer.getPriority();
    }

    @Override
    public String getPolicyName() {
        return NAME;
    }

    @Override
    public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
        return balancer.newLoadBalancer(helper);
    }

    @Override
    public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> raw) {
        return balancer.parseLoadBalancingPolicyConfig(raw);
    }
}
