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
import io.grpc.stub.ClientResponseObserver;
import java.util.List;
import java.util.function.Predicate;

/** One stream of watches and everything that came back on it. */
final class WatchCall implements AutoCloseable {

    private final Recorder<WatchResponse> recorder = new Recorder<>();
    private final ClientCallStreamObserver<WatchRequest> requests;

    WatchCall(WatchStub stub, boolean reads) {
        this.requests = (ClientCallStreamObserver<WatchRequest>)
                stub.watch(new ClientResponseObserver<WatchRequest, WatchResponse>() {
                    @Override
                    public void beforeStart(ClientCallStreamObserver<WatchRequest> call) {
                        if (!reads) {
                            call.disableAutoRequestWithInitial(0);
                        }
                    }

                    @Override
                    public void onNext(WatchResponse response) {
                        recorder.onNext(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        recorder.onError(error);
                    }

                    @Override
                    public void onCompleted() {
                        recorder.onCompleted();
                    }
                });
    }

    /** Creates a watch and returns what etcd said to it. */
    WatchResponse create(WatchCreateRequest.Builder request) {
        long before = created();
        request(request);
        await().until(() -> created() > before);
        return responses(WatchResponse::getCreated).get((int) before);
    }

    /** Asks for a watch without waiting for an answer. */
    void request(WatchCreateRequest.Builder request) {
        requests.onNext(WatchRequest.newBuilder().setCreateRequest(request).build());
    }

    /** Lets a call that does not read begin to. */
    void readAll() {
        requests.request(Integer.MAX_VALUE);
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
