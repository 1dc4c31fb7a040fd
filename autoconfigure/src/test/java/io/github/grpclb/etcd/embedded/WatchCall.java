package io.github.grpclb.etcd.embedded;

import static org.awaitility.Awaitility.await;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.WatchCancelRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc.WatchStub;
import io.etcd.jetcd.api.WatchProgressRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.ClientCallStreamObserver;
import java.util.List;
import java.util.function.Predicate;

/** One stream of watches and everything that came back on it. */
final class WatchCall implements AutoCloseable {

    private final Recorder<WatchResponse> recorder = new Recorder<>();
    private final ClientCallStreamObserver<WatchRequest> requests;

    WatchCall(WatchStub stub) {
        this.requests = (ClientCallStreamObserver<WatchRequest>) stub.watch(recorder);
    }

    /** Creates a watch and returns what etcd said to it. */
    WatchResponse create(WatchCreateRequest.Builder request) {
        long before = created();
        requests.onNext(WatchRequest.newBuilder().setCreateRequest(request).build());
        await().until(() -> created() > before);
        return responses(WatchResponse::getCreated).get((int) before);
    }

    void cancel(long watchId) {
        requests.onNext(WatchRequest.newBuilder()
                .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(watchId))
                .build());
    }

    void requestProgress() {
        requests.onNext(WatchRequest.newBuilder()
                .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                .build());
    }

    List<WatchResponse> responses() {
        return recorder.received();
    }

    List<WatchResponse> responses(Predicate<WatchResponse> wanted) {
        return responses().stream().filter(wanted).toList();
    }

    /** Waits for a response of a kind and returns the first. */
    WatchResponse first(Predicate<WatchResponse> wanted) {
        await().until(() -> responses().stream().anyMatch(wanted));
        return responses(wanted).get(0);
    }

    /** Waits for so many events of a watch and returns all that came. */
    List<Event> events(long watchId, int count) {
        await().until(() -> events(watchId).size() >= count);
        return events(watchId);
    }

    List<Event> events(long watchId) {
        return responses(response -> response.getWatchId() == watchId).stream()
                .flatMap(response -> response.getEventsList().stream())
                .toList();
    }

    /** Returns whether etcd has ended the stream. */
    boolean isOver() {
        return recorder.isOver();
    }

    private long created() {
        return responses(WatchResponse::getCreated).size();
    }

    /** Says that no further request comes. */
    void halfClose() {
        requests.onCompleted();
    }

    @Override
    public void close() {
        requests.cancel("done", null);
    }
}
