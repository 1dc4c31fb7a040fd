package io.github.grpclb.etcd.client;

import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.ClientCall;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The watches of one client, on few streams: a connection has a limit of streams ({@code --max-concurrent-streams}, or that of a proxy),
 * beyond which calls wait in the client until one ends, and a watch does not end by itself. So {@value #PER_STREAM} watches share a
 * stream, and more where there are {@value #MOST_STREAMS} streams: leases and lists always find room. For the loop's thread.
 */
final class WatchStreams {

    /** Few enough to be created one after another, as etcd wants it, within a fraction of the time that a watch may be silent. */
    static final int PER_STREAM = 20;

    /** Half of the lowest limit that RFC 9113 recommends. */
    static final int MOST_STREAMS = 50;

    private final Supplier<ClientCall<WatchRequest, WatchResponse>> calls;
    private final Predicate<EtcdException> outdatesToken;
    private final List<WatchStream> open = new ArrayList<>();

    /**
     * Creates it.
     *
     * @param calls makes a stream's call
     * @param outdatesToken is told why a watch ended; returns whether that stream's token is good for no other
     */
    WatchStreams(Supplier<ClientCall<WatchRequest, WatchResponse>> calls, Predicate<EtcdException> outdatesToken) {
        this.calls = calls;
        this.outdatesToken = outdatesToken;
    }

    EtcdApi.Watch watch(String prefix, long fromRevision, EtcdApi.WatchListener listener) {
        return roomiest().orElseGet(this::open).add(prefix, fromRevision, listener);
    }

    /** Returns how many streams are open. */
    int streams() {
        return open.size();
    }

    private Optional<WatchStream> roomiest() {
        return open.stream()
                .filter(WatchStream::takesMore)
                .min(Comparator.comparingInt(WatchStream::size))
                .filter(stream -> stream.size() < PER_STREAM || open.size() >= MOST_STREAMS);
    }

    private WatchStream open() {
        WatchStream stream = new WatchStream(calls.get(), outdatesToken, open::remove);
        stream.start();
        open.add(stream);
        return stream;
    }
}
