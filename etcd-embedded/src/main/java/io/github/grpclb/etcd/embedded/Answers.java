package io.github.grpclb.etcd.embedded;

import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/** Answers calls that have one request and one response. */
final class Answers {

    private Answers() {}

    /** Sends what the supplier returns, or the status of the {@link RefusedException} that it throws. */
    static <T> void send(StreamObserver<T> caller, Supplier<T> answer) {
        T response;
        try {
            response = answer.get();
        } catch (RefusedException refused) {
            caller.onError(refused.error().status().asRuntimeException());
            return;
        }
        caller.onNext(response);
        caller.onCompleted();
    }
}
