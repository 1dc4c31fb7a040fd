package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The watches of one call.
 *
 * <p>Nothing is queued for a client that reads slowly: its watches stay where they are in the store's history, go on when
 * the call takes more, and end as compacted when the history has left them behind. A further request is read only when all
 * that went before is written, so a client that does not read cannot fill the memory by asking either.
 */
final class WatchStream implements StreamObserver<WatchRequest> {

    /** Stands for all watches of a stream, or for none. */
    private static final long NO_WATCH = -1;

    /** etcd's watchBatchMaxRevs. */
    private static final int BATCH_REVISIONS = 1_000;

    private final EtcdState state;
    private final MvccStore store;
    private final ServerCallStreamObserver<WatchResponse> client;
    private final Runnable onEnd;
    private final Map<Long, Watcher> watchers = new LinkedHashMap<>();
    private long nextId;
    private boolean progressRequested;
    private boolean requestHandled;

    /**
     * Takes over a call that has just begun.
     *
     * @param onEnd called when the client has gone
     */
    WatchStream(EtcdState state, ServerCallStreamObserver<WatchResponse> client, Runnable onEnd) {
        this.state = state;
        this.store = state.store();
        this.client = client;
        this.onEnd = onEnd;
        client.disableAutoRequest();
        client.setOnReadyHandler(this::proceed);
        client.setOnCancelHandler(onEnd);
        client.request(1);
    }

    @Override
    public void onNext(WatchRequest request) {
        switch (request.getRequestUnionCase()) {
            case CREATE_REQUEST -> create(request.getCreateRequest());
            case CANCEL_REQUEST -> cancel(request.getCancelRequest().getWatchId());
            case PROGRESS_REQUEST -> progressRequested = true;
            case REQUESTUNION_NOT_SET -> {}
        }
        requestHandled = true;
        proceed();
    }

    @Override
    public void onError(Throwable cancelled) {
        onEnd.run();
    }

    /** A client that asks for nothing more is still told, until it cancels the call. */
    @Override
    public void onCompleted() {}

    /** Sends what the client has not been told, as far as it takes it, and then reads its next request. */
    void proceed() {
        if (!client.isReady()) {
            return;
        }
        for (Watcher watcher : List.copyOf(watchers.values())) {
            feed(watcher);
        }
        if (!client.isReady() || !areAllTold()) {
            return;
        }
        if (progressRequested) {
            progressRequested = false;
            client.onNext(response(NO_WATCH).build());
        }
        if (requestHandled) {
            requestHandled = false;
            client.request(1);
        }
    }

    /** Sends a sign of life for each watch that wants one and has been idle since the last call. */
    void notifyProgress() {
        for (Watcher watcher : watchers.values()) {
            if (watcher.startIdlePeriod() && isTold(watcher) && client.isReady()) {
                client.onNext(response(watcher.id()).build());
            }
        }
    }

    private void create(WatchCreateRequest request) {
        KeyRange range = KeyRange.ofWatch(request.getKey(), request.getRangeEnd());
        if (range.isEmpty()) {
            refuse("mvcc: watcher range is empty");
        } else if (request.getStartRevision() < 0) {
            refuse(EtcdError.COMPACTED.text());
        } else {
            long first = request.getStartRevision() == 0 ? store.revision() + 1 : request.getStartRevision();
            Watcher watcher = new Watcher(nextId++, request, range, first);
            watchers.put(watcher.id(), watcher);
            client.onNext(response(watcher.id()).setCreated(true).build());
        }
    }

    private void refuse(String reason) {
        client.onNext(response(NO_WATCH)
                .setCreated(true)
                .setCanceled(true)
                .setCancelReason(reason)
                .build());
    }

    private void cancel(long id) {
        if (watchers.remove(id) != null) {
            client.onNext(response(id).setCanceled(true).build());
        }
    }

    private void feed(Watcher watcher) {
        if (watcher.nextRevision() < store.compactedRevision()) {
            watchers.remove(watcher.id());
            // etcd names no current revision here
            client.onNext(response(watcher.id())
                    .setHeader(state.member().header(0))
                    .setCanceled(true)
                    .setCompactRevision(store.compactedRevision())
                    .build());
            return;
        }
        while (client.isReady() && !isTold(watcher)) {
            tell(watcher);
        }
    }

    /**
     * Tells the next of what has happened. What a client has missed comes in one response: of no more revisions than etcd's, and, unlike
     * etcd's, of about as many bytes as a request may have, which any client takes.
     */
    private void tell(Watcher watcher) {
        WatchResponse.Builder response = response(watcher.id());
        Iterator<Map.Entry<Long, List<KeyValue>>> changes =
                store.changesFrom(watcher.nextRevision()).entrySet().iterator();
        int revisions = 0;
        long bytes = 0;
        while (changes.hasNext() && revisions < BATCH_REVISIONS && bytes < RequestRules.MAX_BYTES) {
            Map.Entry<Long, List<KeyValue>> change = changes.next();
            List<Event> events = watcher.events(change.getValue(), store);
            response.addAllEvents(events);
            revisions += events.isEmpty() ? 0 : 1;
            bytes += events.stream().mapToLong(Event::getSerializedSize).sum();
            watcher.advance(change.getKey(), !events.isEmpty());
        }
        if (!changes.hasNext()) {
            // the first revision of all has no change
            watcher.advance(store.revision(), false);
        }
        if (revisions > 0) {
            client.onNext(response.build());
        }
    }

    private boolean areAllTold() {
        return watchers.values().stream().allMatch(this::isTold);
    }

    private boolean isTold(Watcher watcher) {
        return watcher.nextRevision() > store.revision();
    }

    private WatchResponse.Builder response(long watchId) {
        return WatchResponse.newBuilder().setHeader(state.header()).setWatchId(watchId);
    }
}
