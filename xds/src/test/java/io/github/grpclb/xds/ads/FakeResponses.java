package io.github.grpclb.xds.ads;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a client reads, if it reads. */
final class FakeResponses<R> extends ServerCallStreamObserver<R> {

    private final List<R> unread = new ArrayList<>();
    private boolean ready = true;
    private Runnable whenReady = () -> {};
    private Runnable whenCancelled = () -> {};
    private int requested;
    private boolean completed;
    private @Nullable Status status;

    /** Returns what was sent since last asked. */
    List<R> take() {
        List<R> taken = new ArrayList<>(unread);
        unread.clear();
        return taken;
    }

    /** Lets the client read, or not. */
    void ready(boolean reads) {
        ready = reads;
        if (reads) {
            whenReady.run();
        }
    }

    void cancel() {
        whenCancelled.run();
    }

    /** Returns how many requests it was willing to take so far. */
    int requested() {
        return requested;
    }

    boolean completed() {
        return completed;
    }

    /** Returns with what it was ended; null while it was not. */
    @Nullable
    Status status() {
        return status;
    }

    @Override
    public void onNext(R value) {
        unread.add(value);
    }

    @Override
    public void onError(Throwable thrown) {
        status = Status.fromThrowable(thrown);
    }

    @Override
    public void onCompleted() {
        completed = true;
    }

    @Override
    public boolean isReady() {
        return ready;
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
        whenReady = handler;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
        whenCancelled = handler;
    }

    @Override
    public void setOnCloseHandler(Runnable handler) {}

    @Override
    public void request(int count) {
        requested += count;
    }

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void disableAutoRequest() {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void setCompression(String compression) {}
}
