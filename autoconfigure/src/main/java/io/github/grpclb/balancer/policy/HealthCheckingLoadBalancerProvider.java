package io.github.grpclb.balancer.policy;

import io.github.grpclb.balancer.PolicyLoadBalancer;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.protobuf.services.HealthCheckingLoadBalancerUtil;
import java.util.Map;

/**
 * Provides {@code endpoint_lb_health}: {@code endpoint_lb} with the same configuration, which watches each server's {@code
 * grpc.health.v1} service and uses only those that say SERVING. It asks for the service that {@code healthCheckConfig} of the
 * service config names, and watches nothing where that is absent:
 *
 * <pre>{@code
 * {"healthCheckConfig": {"serviceName": "greeter"},
 *  "loadBalancingConfig": [{"endpoint_lb_health": {"policy": "round_robin"}}, {"endpoint_lb": {"policy": "round_robin"}}]}
 * }</pre>
 *
 * It is a balancer of another name because gRPC's health checking costs each call an allocation even where it checks nothing.
 * Without grpc-services on the class path it is not available, and gRPC takes the next of the list. A live channel that changes
 * from one to the other makes new connections.
 */
public final class HealthCheckingLoadBalancerProvider extends LoadBalancerProvider {

    /** The balancer's name in a service config. */
    public static final String NAME = PolicyLoadBalancer.NAME + "_health";

    private final PolicyLoadBalancerProvider unchecked = new PolicyLoadBalancerProvider();

    /** For the service loader. */
    public HealthCheckingLoadBalancerProvider() {}

    @Override
    public boolean isAvailable() {
        try {
            return Checking.isThere();
        } catch (LinkageError e) {
            return false;
        }
    }

    @Override
    public int getPriority() {
        return unchecked.getPriority();
    }

    @Override
    public String getPolicyName() {
        return NAME;
    }

    @Override
    public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
        return Checking.around(unchecked, helper);
    }

    @Override
    public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> raw) {
        return unchecked.parseLoadBalancingPolicyConfig(raw);
    }

    /** Linked only where it is asked for, since grpc-services may be absent. */
    private static final class Checking {

        static boolean isThere() {
            return HealthCheckingLoadBalancerUtil.class.getClassLoader() != null;
        }

        static LoadBalancer around(LoadBalancer.Factory factory, LoadBalancer.Helper helper) {
            return HealthCheckingLoadBalancerUtil.newHealthCheckingLoadBalancer(factory, helper);
        }
    }
}
