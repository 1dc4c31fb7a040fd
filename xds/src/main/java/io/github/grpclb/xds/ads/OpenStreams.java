package io.github.grpclb.xds.ads;

import io.github.grpclb.discovery.follow.RegistryLoop;
import io.grpc.Status;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** The open streams of one service, of which there may be so many. For the loop's thread, but {@link #open} and {@link #count}. */
final class OpenStreams<S extends PeerStream<?, ?>> {

    private final int limit;
    private final RegistryLoop loop;
    private final XdsObserver observer;
    private final AtomicInteger count = new AtomicInteger();
    private final Set<S> streams = new LinkedHashSet<>();
    private boolean closed;

    OpenStreams(int limit, RegistryLoop loop, XdsObserver observer) {
        this.limit = limit;
        this.loop = loop;
        this.observer = observer;
    }

    /** Begins a stream, which ends at once where there are too many; to be called while its call is being started. */
    void open(S stream) {
        int before = count.getAndIncrement();
        stream.begin();
        observer.opened();
        loop.execute(() -> {
            streams.add(stream);
            if (closed) {
                stream.fail(Status.UNAVAILABLE.withDescription("shutting down"));
            } else if (before >= limit) {
                stream.fail(Status.RESOURCE_EXHAUSTED.withDescription(
                        "there are " + before + " streams already (expected: at most " + limit + ")"));
            }
        });
    }

    /** Takes note that a stream is over. */
    void ended(S stream) {
        streams.remove(stream);
        count.decrementAndGet();
        observer.closed();
    }

    /** Returns how many there are. Thread-safe. */
    int count() {
        return count.get();
    }

    List<S> all() {
        return List.copyOf(streams);
    }

    /** Ends all of them, and each one that is opened from now on. */
    void close() {
        closed = true;
        all().forEach(stream -> stream.fail(Status.UNAVAILABLE.withDescription("shutting down")));
    }
}
