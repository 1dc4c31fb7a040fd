package io.github.grpclb.etcd.client;

import io.grpc.ClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** A call of one request and one answer. */
final class SingleRequest {

    private SingleRequest() {}

    /**
     * Makes a call; the future fails with an {@link EtcdException}, also where a proxy ends the call in order without an answer. A
     * request to a stream is its only one, but its end is told after the answer: {@code etcd grpc-proxy} drops what it
     * has not answered by then.
     */
    static <Q, A> CompletableFuture<A> send(Q request, ClientCall<Q, A> call, MethodDescriptor.MethodType type) {
        CompletableFuture<A> future = new CompletableFuture<>();
        StreamObserver<A> answers = new FirstOf<>(future);
        if (type.clientSendsOneMessage()) {
            ClientCalls.asyncUnaryCall(call, request, answers);
        } else {
            StreamObserver<Q> requests = ClientCalls.asyncBidiStreamingCall(call, answers);
            requests.onNext(request);
            var unused = future.thenRun(requests::onCompleted);
        }
        return future;
    }

    private record FirstOf<A>(CompletableFuture<A> future) implements StreamObserver<A> {

        @Override
        public void onNext(A answer) {
            future.complete(answer);
        }

        @Override
        public void onError(Throwable failure) {
            future.completeExceptionally(EtcdException.of(failure));
        }

        @Override
        public void onCompleted() {
            if (!future.isDone()) {
                onError(Status.UNAVAILABLE
                        .withDescription("the call ended without an answer")
                        .asException());
            }
        }
    }
}
