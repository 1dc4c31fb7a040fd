package io.github.grpclb.sample.client;

import com.google.common.net.HostAndPort;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Grpc;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * One call under way: as an interceptor it learns which server the connection goes to, as an observer how the call ends.
 *
 * @param <T> type of the reply
 */
final class PendingCall<T> implements ClientInterceptor, StreamObserver<T> {

    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private final Function<T, String> text;
    private volatile ClientCall<?, ?> call;
    private String reply = "";

    PendingCall(Function<T, String> text) {
        this.text = text;
    }

    /** Completes, always normally, when the call has ended: a failed call is an outcome too. */
    CompletableFuture<Outcome> outcome() {
        return outcome;
    }

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        ClientCall<Q, R> started = next.newCall(method, options);
        call = started;
        return started;
    }

    @Override
    public void onNext(T value) {
        reply = text.apply(value);
    }

    @Override
    public void onError(Throwable error) {
        String cause = error.getCause() == null ? "" : " (" + error.getCause().getMessage() + ")";
        Status.Code code = Status.fromThrowable(error).getCode();
        outcome.complete(new Outcome(code, server(), "error:" + error.getMessage() + cause));
    }

    @Override
    public void onCompleted() {
        outcome.complete(new Outcome(Status.Code.OK, server(), reply));
    }

    private String server() {
        return call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) instanceof InetSocketAddress address
                ? HostAndPort.fromParts(address.getAddress().getHostAddress(), address.getPort())
                        .toString()
                : "";
    }
}
