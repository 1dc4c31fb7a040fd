package io.github.grpclb.etcd.client;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.WatchCancelRequest;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchProgressRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A stream with several watches. Whatever ends one ends it for good: who wants more reads the list again. The end of the stream ends
 * them all; with the last of them it ends itself.
 *
 * <p>Watches are created one after another, as etcd's own client does it: etcd names a watch by a number that it chooses, and
 * {@code etcd grpc-proxy} does not keep the order of its answers. Progress is asked for one request after another, too: the answer names
 * no request, and events overtake it, so of two that are under way nobody could say what each proves. For the loop's thread.
 */
final class WatchStream extends ClientCall.Listener<WatchResponse> {

    private static final Metadata.Key<String> REQUIRE_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

    private final ClientCall<WatchRequest, WatchResponse> call;
    private final Predicate<EtcdException> outdatesToken;
    private final Consumer<WatchStream> onEnd;

    /** Those that stand, by etcd's number. */
    private final Map<Long, SharedWatch> standing = new HashMap<>();

    /** Those that do not yet; the first one's request is with etcd. */
    private final Deque<SharedWatch> awaited = new ArrayDeque<>();

    /** Those whose request for progress is with etcd. */
    private Set<SharedWatch> asking = new LinkedHashSet<>();

    /** Those that want progress since that request was sent. */
    private Set<SharedWatch> askingNext = new LinkedHashSet<>();

    private boolean tokenOutdated;
    private boolean ended;

    /**
     * Creates a stream that has not started.
     *
     * @param outdatesToken is told why a watch ended; returns whether the stream's token is good for no other
     * @param onEnd is told of the end
     */
    WatchStream(
            ClientCall<WatchRequest, WatchResponse> call,
            Predicate<EtcdException> outdatesToken,
            Consumer<WatchStream> onEnd) {
        this.call = call;
        this.outdatesToken = outdatesToken;
        this.onEnd = onEnd;
    }

    void start() {
        Metadata headers = new Metadata();
        headers.put(REQUIRE_LEADER, "true");
        try {
            call.start(this, headers);
            call.request(1);
        } catch (RuntimeException | Error e) {
            broken(e);
            throw e;
        }
    }

    /** Says whether a further watch has a chance here: not behind one that was given up before etcd has answered. */
    boolean takesMore() {
        SharedWatch next = awaited.peek();
        return !ended && !tokenOutdated && (next == null || !next.closed);
    }

    /** Returns how many watches there are. */
    int size() {
        return standing.size() + awaited.size();
    }

    /** Adds a watch; where that throws the stream has ended for all others, too. */
    EtcdApi.Watch add(String prefix, long fromRevision, EtcdApi.WatchListener listener) {
        SharedWatch watch = new SharedWatch(
                WatchCreateRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(prefix))
                        .setRangeEnd(Wire.prefixEnd(prefix))
                        .setStartRevision(fromRevision)
                        .build(),
                listener);
        awaited.add(watch);
        if (awaited.size() == 1) {
            try {
                createNext();
            } catch (RuntimeException | Error e) {
                watch.closed = true;
                broken(e);
                throw e;
            }
        }
        return watch;
    }

    private void createNext() {
        SharedWatch next = awaited.peek();
        if (next != null) {
            call.sendMessage(
                    WatchRequest.newBuilder().setCreateRequest(next.request).build());
        }
    }

    @Override
    public void onMessage(WatchResponse response) {
        if (ended) {
            return;
        }
        long revision = response.getHeader().getRevision();
        if (response.getCreated()) {
            created(response, revision);
        } else if (response.getCanceled()) {
            SharedWatch watch = standing.remove(response.getWatchId());
            if (watch != null) {
                cancelled(watch, response);
            }
        } else if (response.getEventsCount() > 0) {
            SharedWatch watch = standing.get(response.getWatchId());
            if (watch != null) {
                changed(watch, response);
            }
        } else {
            progressed(revision);
        }
        if (!ended) {
            call.request(1);
        }
    }

    private void created(WatchResponse response, long revision) {
        SharedWatch watch = awaited.poll();
        if (watch != null && !watch.closed && !response.getCanceled()) {
            watch.id = response.getWatchId();
            standing.put(watch.id, watch);
        }
        createNext();
        if (watch == null) {
            return;
        }
        if (response.getCanceled()) {
            cancelled(watch, response);
        } else if (watch.closed) {
            cancel(response.getWatchId());
        } else {
            watch.listener.onCreated(revision);
        }
    }

    private static void changed(SharedWatch watch, WatchResponse response) {
        List<EtcdApi.Event> events = response.getEventsList().stream()
                .filter(event -> Wire.isText(event.getKv()))
                .map(event -> new EtcdApi.Event(Wire.record(event.getKv()), event.getType() == EventType.DELETE))
                .toList();
        // not the header's: that of one who catches up may be ahead of the events, and the next one's behind it
        long revision =
                response.getEvents(response.getEventsCount() - 1).getKv().getModRevision();
        watch.listener.onEvents(revision, events);
    }

    private void progressed(long revision) {
        Set<SharedWatch> answered = asking;
        asking = new LinkedHashSet<>();
        askNext();
        for (SharedWatch watch : answered) {
            if (!watch.closed) {
                watch.listener.onProgress(revision);
            }
        }
    }

    private void askNext() {
        if (!ended && asking.isEmpty() && !askingNext.isEmpty()) {
            asking = askingNext;
            askingNext = new LinkedHashSet<>();
            call.sendMessage(WatchRequest.newBuilder()
                    .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                    .build());
        }
    }

    private void cancelled(SharedWatch watch, WatchResponse response) {
        EtcdException cause = response.getCompactRevision() != 0
                ? new EtcdException(
                        EtcdException.Kind.COMPACTED, "etcd: compacted up to revision " + response.getCompactRevision())
                : failure(Status.FAILED_PRECONDITION.withDescription(
                        response.getCancelReason().isEmpty() ? "watch cancelled" : response.getCancelReason()));
        endIfUnused();
        watch.end(cause);
    }

    private void cancel(long id) {
        call.sendMessage(WatchRequest.newBuilder()
                .setCancelRequest(WatchCancelRequest.newBuilder().setWatchId(id))
                .build());
    }

    private void endIfUnused() {
        if (!ended && standing.isEmpty() && awaited.stream().allMatch(watch -> watch.closed)) {
            end();
            call.cancel("no longer needed", null);
        }
    }

    private void end() {
        ended = true;
        onEnd.accept(this);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        if (ended) {
            return;
        }
        end();
        endAll(
                status.isOk()
                        ? new EtcdException(EtcdException.Kind.COMPLETED, "etcd ended the watch")
                        : failure(status));
    }

    /** Ends what can be used no more, as a request was not sent and those after it would wait for its answer. */
    private void broken(Throwable thrown) {
        if (!ended) {
            end();
            call.cancel("failed", thrown);
            endAll(EtcdException.of(thrown));
        }
    }

    private void endAll(EtcdException cause) {
        List<SharedWatch> all = new ArrayList<>(standing.values());
        all.addAll(awaited);
        all.forEach(watch -> watch.end(cause));
    }

    private EtcdException failure(Status status) {
        EtcdException failure = EtcdException.of(status.asException());
        tokenOutdated |= outdatesToken.test(failure);
        return failure;
    }

    private final class SharedWatch implements EtcdApi.Watch {

        /** etcd's own numbers are never negative. */
        private static final long NONE = -1;

        private final WatchCreateRequest request;
        private final EtcdApi.WatchListener listener;
        private long id = NONE;
        private boolean closed;

        SharedWatch(WatchCreateRequest request, EtcdApi.WatchListener listener) {
            this.request = request;
            this.listener = listener;
        }

        @Override
        public void requestProgress() {
            if (!closed && !ended) {
                askingNext.add(this);
                try {
                    askNext();
                } catch (RuntimeException | Error e) {
                    broken(e);
                }
            }
        }

        @Override
        public void close() {
            if (closed || ended) {
                closed = true;
                return;
            }
            closed = true;
            if (id != NONE) {
                standing.remove(id);
            } else if (awaited.peek() != this) {
                awaited.remove(this);
            }
            endIfUnused();
            try {
                if (!ended && id != NONE) {
                    cancel(id);
                }
                asksNoLonger();
            } catch (RuntimeException | Error e) {
                broken(e);
            }
        }

        /** The next may ask, should no answer come any more to this one. */
        private void asksNoLonger() {
            asking.remove(this);
            askingNext.remove(this);
            askNext();
        }

        void end(EtcdException cause) {
            if (!closed) {
                closed = true;
                asksNoLonger();
                listener.onEnd(cause);
            }
        }
    }
}
