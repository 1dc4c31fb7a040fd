package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Internal;
import io.grpc.LoadBalancer.PickResult;

/**
 * Results of picks that let a call wait, which say why: gRPC hands that on to the tracers of the call, and so to its own meters and spans
 * (gRFC A121). Before grpc-java 1.84 a result cannot say so, and does not.
 */
@Internal
public final class DelayedPick {

    private static final String CONNECTING = "connecting";
    private static final String AWAITED = "endpoint_awaited";

    private DelayedPick() {}

    /** Lets a call wait for a connection; gRPC's own name for that. */
    public static PickResult connecting(String reason) {
        return because(CONNECTING, reason);
    }

    /** Lets a call wait for an endpoint to be registered. */
    public static PickResult awaited(String reason) {
        return because(AWAITED, reason);
    }

    private static PickResult because(String type, String reason) {
        try {
            return PickResult.withNoResult(type, reason);
        } catch (NoSuchMethodError olderGrpc) {
            return PickResult.withNoResult();
        }
    }
}
