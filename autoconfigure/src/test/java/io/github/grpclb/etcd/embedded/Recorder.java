package io.github.grpclb.etcd.embedded;

import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a call has answered. */
class Recorder<T> implements StreamObserver<T> {

    private final List<T> received = new CopyOnWriteArrayList<>();

    List<T> received() {
        return received;
    }

    @Override
    public void onNext(T response) {
        received.add(response);
    }

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}
}
