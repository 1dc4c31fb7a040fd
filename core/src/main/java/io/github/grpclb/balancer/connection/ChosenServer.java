package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.Internal;
import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.util.ForwardingClientStreamTracer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Where one call went, for an interceptor that wants to know: it travels with the call's options, and the balancer fills it in. What
 * counts is the newest attempt or, of several at once (hedging), the one that the answer came from. Thread-safe.
 */
@Internal
public final class ChosenServer {

    private static final CallOptions.Key<@Nullable ChosenServer> OPTION =
            CallOptions.Key.create("io.github.grpclb.chosen-server");

    /**
     * A call, or one of its attempts where it is retried or hedged, was given a server.
     *
     * @param policy the name of the policy that picked; also where a server id or a step left it no choice
     * @param number 1 for the first
     */
    public record Attempt(Endpoint endpoint, String policy, int number) {}

    private final AtomicInteger attempts = new AtomicInteger();
    private volatile @Nullable Attempt attempt;

    /** Returns the one that a call has with it, or null. */
    @Nullable
    public static ChosenServer of(CallOptions options) {
        return options.getOption(OPTION);
    }

    /** Returns options with which a call fills this in. */
    public CallOptions addTo(CallOptions options) {
        return options.withOption(OPTION, this);
    }

    /** Returns the attempt that counts, or null while the call has no server. */
    @Nullable
    public Attempt attempt() {
        return attempt;
    }

    /** Takes a new attempt; returns a tracer that passes everything on. */
    ClientStreamTracer begin(Endpoint endpoint, String policy, ClientStreamTracer beneath) {
        Attempt begun = new Attempt(endpoint, policy, attempts.incrementAndGet());
        attempt = begun;
        return new ForwardingClientStreamTracer() {

            @Override
            protected ClientStreamTracer delegate() {
                return beneath;
            }

            /** It is committed: gRPC cancels all others. */
            @Override
            public void inboundHeaders(Metadata headers) {
                attempt = begun;
                super.inboundHeaders(headers);
            }
        };
    }
}
