package io.github.grpclb.etcd.embedded;

import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/** Answers calls that have one request. */
final class Answers {

    private Answers() {}

    /** Sends what the supplier returns, or the status of the {@link RefusedException} that it throws. */
    static <T> void send(StreamObserver<T> caller, Supplier<T> answer) {
        unlessRefused(caller, () -> {
            T response = answer.get();
            caller.onNext(response);
            caller.onCompleted();
        });
    }

    /** Does what leads to an answer, now or later, or sends the status of the {@link RefusedException} that it throws. */
    static void unlessRefused(StreamObserver<?> caller, Runnable task) {
        try {
            task.run();
        } catch (RefusedException refused) {
            caller.onError(refused.error().status().asRuntimeException());
        }
    }
}
