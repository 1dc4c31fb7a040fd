package io.github.grpclb.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.nio.channels.ClosedChannelException;

/**
 * Lets every call whose connection broke end with {@code UNAVAILABLE}, as gRPC specifies it. Where grpc-netty finds a connection closed
 * as it writes, before it was told of the end, all calls in flight get {@code UNKNOWN: channel closed} instead (grpc-java #10120): the
 * more load, the more often. A server's own {@code UNKNOWN} comes without a cause and is left alone. gRPC's retries are made below the
 * interceptors, and still see {@code UNKNOWN}. Thread-safe.
 */
final class BrokenConnectionInterceptor implements ClientInterceptor {

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<R> listener, Metadata headers) {
                super.start(
                        new SimpleForwardingClientCallListener<>(listener) {
                            @Override
                            public void onClose(Status status, Metadata trailers) {
                                super.onClose(specified(status), trailers);
                            }
                        },
                        headers);
            }
        };
    }

    private static Status specified(Status status) {
        return status.getCode() == Status.Code.UNKNOWN && status.getCause() instanceof ClosedChannelException
                ? Status.UNAVAILABLE.withDescription(status.getDescription()).withCause(status.getCause())
                : status;
    }
}
