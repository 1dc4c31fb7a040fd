package io.github.grpclb.balancer.connection;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.CallOutcome;
import io.github.grpclb.load.EndpointLoad;
import io.grpc.ClientStreamTracer;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.util.ForwardingClientStreamTracer;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Follows one attempt of a call. A tracer may be made for a call that ends before its stream starts, and then hears nothing more; so
 * it counts from what proves that the stream has started, and so will be told to have ended: the first message that the caller
 * hands over, or the headers that are sent. Where a server limits its concurrent streams, the transport keeps calls back, and these
 * are known by their messages alone. Since {@code streamClosed} may overtake both on another thread, what has happened already is
 * told by one word.
 */
final class CallTracer extends ForwardingClientStreamTracer {

    private static final AtomicIntegerFieldUpdater<CallTracer> PHASE =
            AtomicIntegerFieldUpdater.newUpdater(CallTracer.class, "phase");

    private static final int NEW = 0; // -> QUEUED, SENT or ENDED
    private static final int QUEUED = 1; // -> SENT or ENDED
    private static final int SENT = 2; // -> ANSWERED or ENDED
    private static final int ANSWERED = 3; // -> ENDED
    private static final int ENDED = 4;

    private final ClientStreamTracer own;
    private final Source source;
    private final @Nullable Deadline deadline;
    private final String policy;

    /** Written by the caller alone. */
    private long queuedNanos;

    /** Written by the transport alone. */
    private long startedNanos;

    @SuppressWarnings("unused") // through PHASE
    private volatile int phase;

    private CallTracer(ClientStreamTracer own, Source source, @Nullable Deadline deadline) {
        this.own = own;
        this.source = source;
        this.deadline = deadline;
        this.policy = source.tracking.observer() == null ? "" : source.tracking.policy();
    }

    @Override
    protected ClientStreamTracer delegate() {
        return own;
    }

    @Override
    public void outboundMessage(int number) {
        if (phase == NEW) {
            long now = source.nanoTime();
            queuedNanos = now;
            source.load.started(now);
            if (!PHASE.compareAndSet(this, NEW, QUEUED)) {
                source.load.notStarted(now);
            }
        }
        own.outboundMessage(number);
    }

    @Override
    public void outboundHeaders() {
        if (isSentAtOnce() || isSentAfterAll()) {
            PickObserver observer = source.tracking.observer();
            if (observer != null) {
                observer.callStarted(source.endpoint, policy);
            }
        }
        own.outboundHeaders();
    }

    private boolean isSentAtOnce() {
        if (phase != NEW) {
            return false;
        }
        long now = source.nanoTime();
        startedNanos = now;
        source.load.started(now);
        if (PHASE.compareAndSet(this, NEW, SENT)) {
            return true;
        }
        source.load.notStarted(now);
        return false;
    }

    private boolean isSentAfterAll() {
        if (phase != QUEUED) {
            return false;
        }
        startedNanos = queuedNanos;
        return PHASE.compareAndSet(this, QUEUED, SENT);
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
            ended(before == ANSWERED, startedNanos, status.getCode());
        } else if (before == QUEUED) {
            endedInQueue(status.getCode());
        }
        own.streamClosed(status);
    }

    /** The server never saw it. It has failed the call where it made it wait for longer than it had. */
    private void endedInQueue(Status.Code status) {
        if (deadline == null || !deadline.isExpired()) {
            source.load.givenUp(queuedNanos, source.nanoTime());
            return;
        }
        PickObserver observer = source.tracking.observer();
        if (observer != null) {
            observer.callStarted(source.endpoint, policy);
        }
        ended(false, queuedNanos, status);
    }

    private void ended(boolean answered, long since, Status.Code status) {
        CallOutcome outcome = CallOutcome.of(status, deadline != null && deadline.isExpired());
        long now = source.nanoTime();
        source.load.ended(outcome, answered, since, now);
        if (outcome == CallOutcome.FAILURE) {
            // gRPC cancels a call whose deadline passes as its caller would
            source.load.failedWith(status == Status.Code.CANCELLED ? Status.Code.DEADLINE_EXCEEDED : status);
        }
        PickObserver observer = source.tracking.observer();
        if (observer != null) {
            observer.callFinished(source.endpoint, policy, status, outcome, now - since);
        }
    }

    /** Makes the tracers of the calls to one endpoint. */
    static final class Source extends ClientStreamTracer.Factory {

        private static final ClientStreamTracer NONE = new ClientStreamTracer() {};

        private final CallTracking tracking;
        private final Endpoint endpoint;
        private final EndpointLoad load;
        private final @Nullable ConnectionUse use;
        private final ClientStreamTracer.@Nullable Factory own;

        Source(CallTracking tracking, Endpoint endpoint, EndpointLoad load, @Nullable ConnectionUse use) {
            this(tracking, endpoint, load, use, null);
        }

        private Source(
                CallTracking tracking,
                Endpoint endpoint,
                EndpointLoad load,
                @Nullable ConnectionUse use,
                ClientStreamTracer.@Nullable Factory own) {
            this.tracking = tracking;
            this.endpoint = endpoint;
            this.load = load;
            this.use = use;
            this.own = own;
        }

        /** Returns one whose tracers pass everything on to those of another. */
        Source over(ClientStreamTracer.Factory other) {
            return new Source(tracking, endpoint, load, use, other);
        }

        @Override
        public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
            if (use != null) {
                use.mark();
            }
            ClientStreamTracer beneath = own == null ? NONE : own.newClientStreamTracer(info, headers);
            ChosenServer asked = ChosenServer.of(info.getCallOptions());
            return new CallTracer(
                    asked == null ? beneath : asked.begin(endpoint, tracking.policy(), beneath), this, deadline(info));
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
