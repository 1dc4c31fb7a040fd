package io.github.grpclb.server;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;

/** Tells a {@link QuietPeriod} of each call that arrives; health probes do not count, they never stop. */
final class NewCallTracerFactory extends ServerStreamTracer.Factory {

    private static final ServerStreamTracer NO_TRACER = new ServerStreamTracer() {};

    private final QuietPeriod quietPeriod;

    NewCallTracerFactory(QuietPeriod quietPeriod) {
        this.quietPeriod = quietPeriod;
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        if (!fullMethodName.startsWith("grpc.health.")) {
            quietPeriod.callArrived();
        }
        return NO_TRACER;
    }
}
