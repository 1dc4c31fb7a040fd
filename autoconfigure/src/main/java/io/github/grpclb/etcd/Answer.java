package io.github.grpclb.etcd;

import io.grpc.ClientCall;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** The one answer to one request. */
final class Answer {

    private Answer() {}

    /** Makes a call; the future fails with an {@link EtcdException}, also where a proxy ends the call in order without an answer. */
    static <Q, A> CompletableFuture<A> to(Q request, ClientCall<Q, A> call) {
        CompletableFuture<A> future = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(call, request, new StreamObserver<>() {
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
        });
        return future;
    }
}
