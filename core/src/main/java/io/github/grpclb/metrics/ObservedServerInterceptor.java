package io.github.grpclb.metrics;

import io.github.grpclb.balancer.connection.ChosenServer;
import io.github.grpclb.client.InnerInterceptor;
import io.github.grpclb.client.ServerKeys;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.micrometer.core.instrument.binder.grpc.GrpcClientObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Adds {@link ServerKeys} of a call's server to Micrometer's observation of the call when the call ends, and so to its span: with high
 * cardinality, which meters leave out. The observation is that of Micrometer's own {@code ObservationGrpcClientInterceptor}, which both
 * hosts bring; it is current while the call is started beneath it. Thread-safe.
 */
public final class ObservedServerInterceptor implements InnerInterceptor {

    private final Supplier<@Nullable ObservationRegistry> registry;

    /**
     * Creates it.
     *
     * @param registry asked for with each call; null while there is none
     */
    public ObservedServerInterceptor(Supplier<@Nullable ObservationRegistry> registry) {
        this.registry = registry;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        ObservationRegistry observed = registry.get();
        if (observed == null || observed.isNoop()) {
            return next.newCall(method, options);
        }
        ChosenServer carried = ChosenServer.of(options);
        ChosenServer server = carried != null ? carried : new ChosenServer();
        return new SimpleForwardingClientCall<>(next.newCall(method, server.addTo(options))) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                Observation current = observed.getCurrentObservation();
                super.start(
                        current != null && isOf(current, method)
                                ? new ObservedListener<>(listener, current, server)
                                : listener,
                        headers);
            }
        };
    }

    /** Says whether an observation is of a call to a method, and not of what the call is a part of. */
    private static boolean isOf(Observation observation, MethodDescriptor<?, ?> method) {
        return observation.getContext() instanceof GrpcClientObservationContext call
                && method.getFullMethodName().equals(call.getFullMethodName());
    }

    private static final class ObservedListener<R> extends SimpleForwardingClientCallListener<R> {

        private final Observation observation;
        private final ChosenServer server;

        ObservedListener(ClientCall.Listener<R> listener, Observation observation, ChosenServer server) {
            super(listener);
            this.observation = observation;
            this.server = server;
        }

        /** Before those above, one of which ends the observation. */
        @Override
        public void onClose(Status status, Metadata trailers) {
            ChosenServer.Attempt attempt = server.attempt();
            if (attempt != null) {
                ServerKeys.tell(attempt, observation::highCardinalityKeyValue);
            }
            super.onClose(status, trailers);
        }
    }
}
