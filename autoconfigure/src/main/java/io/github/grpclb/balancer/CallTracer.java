package io.github.grpclb.balancer;

import io.github.grpclb.discovery.Endpoint;
import io.grpc.ClientStreamTracer;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.util.ForwardingClientStreamTracer;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Follows one attempt of a call. It counts from {@code outboundHeaders}, since a tracer may be made for a call that ends before it
 * is sent and then hears nothing more; and since {@code streamClosed} may overtake {@code outboundHeaders} on another thread, what
 * has happened already is told by one word.
 */
final class CallTracer extends ForwardingClientStreamTracer {

    private static final AtomicIntegerFieldUpdater<CallTracer> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(CallTracer.class, "phase");

    private static final int NEW = 0; // -> SENT or ENDED
    private static final int SENT = 1; // -> ANSWERED or ENDED
    private static final int ANSWERED = 2; // -> ENDED
    private static final int ENDED = 3;

    private final ClientStreamTracer own;
    private final Source source;
    private final @Nullable Deadline deadline;
    private long startedNanos;
    private String policy = "";

    @SuppressWarnings("unused") // through PHASE
    private volatile int phase;

    private CallTracer(ClientStreamTracer own, Source source, @Nullable Deadline deadline) {
        this.own = own;
        this.source = source;
        this.deadline = deadline;
    }

    @Override
    protected ClientStreamTracer delegate() {
        return own;
    }

    @Override
    public void outboundHeaders() {
        long now = source.nanoTime();
        startedNanos = now;
        PickObserver observer = source.tracking.observer();
        if (observer != null) {
            policy = source.tracking.policy();
        }
        source.load.started(now);
        if (!PHASE.compareAndSet(this, NEW, SENT)) {
            source.load.notStarted(now);
        } else if (observer != null) {
            observer.callStarted(source.endpoint, policy);
        }
        own.outboundHeaders();
    }

    @Override
    public void inboundMessage(int number) {
        if (phase == SENT && PHASE.compareAndSet(this, SENT, ANSWERED)) {
            source.load.answered(startedNanos, source.nanoTime());
        }
        own.inboundMessage(number);
    }

    @Override
    public void streamClosed(Status status) {
        int before = PHASE.getAndSet(this, ENDED);
        if (before == SENT || before == ANSWERED) {
            ended(before == ANSWERED, status.getCode());
        }
        own.streamClosed(status);
    }

    private void ended(boolean answered, Status.Code status) {
        CallOutcome outcome = CallOutcome.of(status, deadline != null && deadline.isExpired());
        long now = source.nanoTime();
        source.load.ended(outcome, answered, startedNanos, now);
        PickObserver observer = source.tracking.observer();
        if (observer != null) {
            observer.callFinished(source.endpoint, policy, status, outcome, now - startedNanos);
        }
    }

    /** Makes the tracers of the calls to one endpoint. */
    static final class Source extends ClientStreamTracer.Factory {

        private static final ClientStreamTracer NONE = new ClientStreamTracer() {};

        private final CallTracking tracking;
        private final Endpoint endpoint;
        private final EndpointLoad load;
        private final ClientStreamTracer.@Nullable Factory own;

        Source(CallTracking tracking, Endpoint endpoint, EndpointLoad load) {
            this(tracking, endpoint, load, null);
        }

        private Source(
                CallTracking tracking, Endpoint endpoint, EndpointLoad load, ClientStreamTracer.@Nullable Factory own) {
            this.tracking = tracking;
            this.endpoint = endpoint;
            this.load = load;
            this.own = own;
        }

        /** Returns one whose tracers pass everything on to those of another. */
        Source over(ClientStreamTracer.Factory other) {
            return new Source(tracking, endpoint, load, other);
        }

        @Override
        public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
            ClientStreamTracer beneath = own == null ? NONE : own.newClientStreamTracer(info, headers);
            return new CallTracer(beneath, this, deadline(info));
        }

        /** The call's own, or the one that it inherited from the call that is being served. */
        private static @Nullable Deadline deadline(ClientStreamTracer.StreamInfo info) {
            Deadline given = info.getCallOptions().getDeadline();
            Deadline inherited = Context.current().getDeadline();
            return given == null || (inherited != null && inherited.isBefore(given)) ? inherited : given;
        }

        private long nanoTime() {
            return tracking.loads().nanoTime().getAsLong();
        }
    }
}
