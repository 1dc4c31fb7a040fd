package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;

/** The server's side of a call, whose client reads when a test says so. */
final class FakeWatchClient extends ServerCallStreamObserver<WatchResponse> {

    private final List<WatchResponse> received = new ArrayList<>();
    private Runnable onReady = () -> {};
    private boolean ready = true;
    private int requested;

    List<WatchResponse> received() {
        return received;
    }

    /** Returns how many requests the server is willing to take, over all its time. */
    int requested() {
        return requested;
    }

    void stopReading() {
        ready = false;
    }

    void read() {
        ready = true;
        onReady.run();
    }

    @Override
    public void onNext(WatchResponse response) {
        received.add(response);
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
        onReady = handler;
    }

    @Override
    public void request(int count) {
        requested += count;
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void disableAutoRequest() {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void onError(Throwable error) {}

    @Override
    public void onCompleted() {}
}
