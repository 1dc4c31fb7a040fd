package io.github.grpclb.server;

import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/**
 * Tells {@link OpenStreams} of each stream, and lets it end them. To the service such an end is a cancellation, as if the client had
 * gone. Unary calls pass untouched, and so do health watches: their clients end them when the connection goes.
 */
final class StreamTracking implements ServerInterceptor {

    static final Status DRAINING = Status.UNAVAILABLE.withDescription("server is draining");

    private final OpenStreams streams;

    StreamTracking(OpenStreams streams) {
        this.streams = streams;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        if (call.getMethodDescriptor().getType() == MethodType.UNARY
                || call.getMethodDescriptor().getFullMethodName().startsWith("grpc.health.")) {
            return next.startCall(call, headers);
        }
        StreamCall<Q, A> stream = new StreamCall<>(call);
        streams.add(stream);
        try {
            return new StreamListener<>(next.startCall(stream, headers), stream);
        } catch (RuntimeException | Error e) {
            streams.remove(stream);
            throw e;
        }
    }

    /** A call is not thread-safe, and its service may be sending when it is ended. */
    private static final class StreamCall<Q, A> extends SimpleForwardingServerCall<Q, A> implements OpenStreams.Stream {

        private boolean ended;
        private volatile boolean drained;

        StreamCall(ServerCall<Q, A> call) {
            super(call);
        }

        @Override
        public synchronized void close() {
            if (!ended) {
                ended = true;
                drained = true;
                delegate().close(DRAINING, new Metadata());
            }
        }

        @Override
        public synchronized void sendHeaders(Metadata headers) {
            if (!drained) {
                super.sendHeaders(headers);
            }
        }

        @Override
        public synchronized void sendMessage(A message) {
            if (!drained) {
                super.sendMessage(message);
            }
        }

        @Override
        public synchronized void close(Status status, Metadata trailers) {
            if (!drained) {
                ended = true;
                super.close(status, trailers);
            }
        }

        @Override
        public boolean isReady() {
            return !drained && super.isReady();
        }

        @Override
        public boolean isCancelled() {
            return drained || super.isCancelled();
        }
    }

    /** Hears of the end. */
    private final class StreamListener<Q> extends SimpleForwardingServerCallListener<Q> {

        private final StreamCall<Q, ?> stream;

        StreamListener(ServerCall.Listener<Q> listener, StreamCall<Q, ?> stream) {
            super(listener);
            this.stream = stream;
        }

        @Override
        public void onComplete() {
            streams.remove(stream);
            if (stream.drained) {
                super.onCancel();
            } else {
                super.onComplete();
            }
        }

        @Override
        public void onCancel() {
            streams.remove(stream);
            super.onCancel();
        }
    }
}
