package io.github.grpclb.etcd.embedded;

import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps what a call has answered. */
class Recorder<T> implements StreamObserver<T> {

    private final List<T> received = new CopyOnWriteArrayList<>();
    private volatile boolean over;

    List<T> received() {
        return received;
    }

    @Override
    public void onNext(T response) {
        received.add(response);
    }

    /** Returns whether the call has ended, well or not. */
    boolean isOver() {
        return over;
    }

    @Override
    public void onError(Throwable error) {
        over = true;
    }

    @Override
    public void onCompleted() {
        over = true;
    }
}
