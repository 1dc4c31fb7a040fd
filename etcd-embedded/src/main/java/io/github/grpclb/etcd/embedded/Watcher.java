package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchCreateRequest.FilterType;
import java.util.List;

/** One watch of a stream: what it is about and how far its client has been told. */
final class Watcher {

    private final long id;
    private final WatchCreateRequest request;
    private final KeyRange range;
    private long nextRevision;
    private boolean idle;

    Watcher(long id, WatchCreateRequest request, KeyRange range, long nextRevision) {
        this.id = id;
        this.request = request;
        this.range = range;
        this.nextRevision = nextRevision;
    }

    long id() {
        return id;
    }

    /** Returns the first revision that the client has not been told. */
    long nextRevision() {
        return nextRevision;
    }

    /** Notes that a revision is done with, and whether the client heard of it. */
    void advance(long revision, boolean told) {
        nextRevision = revision + 1;
        idle &= !told;
    }

    /** Returns whether a sign of life is due: one is wanted, and nothing was told since the last call. */
    boolean startIdlePeriod() {
        boolean due = idle && request.getProgressNotify();
        idle = true;
        return due;
    }

    /** Returns the events of one revision that the client wants. */
    List<Event> events(List<KeyValue> changes, MvccStore store) {
        return changes.stream()
                .filter(this::isWanted)
                .map(change -> event(change, store))
                .toList();
    }

    private boolean isWanted(KeyValue change) {
        FilterType filter = KeyHistory.isDeletion(change) ? FilterType.NODELETE : FilterType.NOPUT;
        return range.contains(change.getKey()) && !request.getFiltersList().contains(filter);
    }

    private Event event(KeyValue change, MvccStore store) {
        Event.Builder event = Event.newBuilder()
                .setKv(change)
                .setType(KeyHistory.isDeletion(change) ? EventType.DELETE : EventType.PUT);
        KeyValue previous = request.getPrevKv() ? store.before(change) : null;
        return previous == null ? event.build() : event.setPrevKv(previous).build();
    }
}
