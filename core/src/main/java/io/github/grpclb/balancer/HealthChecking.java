package io.github.grpclb.balancer;

import io.grpc.LoadBalancer;
import io.grpc.protobuf.services.HealthCheckingLoadBalancerUtil;

/** gRPC's health checking, where grpc-services is on the class path. */
final class HealthChecking {

    private HealthChecking() {}

    static boolean isThere() {
        try {
            return Linked.isThere();
        } catch (LinkageError e) {
            return false;
        }
    }

    /** Returns balancers that see each connection as ready while its server says SERVING. */
    static LoadBalancer around(LoadBalancer.Factory factory, LoadBalancer.Helper helper) {
        return Linked.around(factory, helper);
    }

    /** Linked only where it is asked for. */
    private static final class Linked {

        static boolean isThere() {
            return HealthCheckingLoadBalancerUtil.class.getClassLoader() != null;
        }

        static LoadBalancer around(LoadBalancer.Factory factory, LoadBalancer.Helper helper) {
            return HealthCheckingLoadBalancerUtil.newHealthCheckingLoadBalancer(factory, helper);
        }
    }
}
