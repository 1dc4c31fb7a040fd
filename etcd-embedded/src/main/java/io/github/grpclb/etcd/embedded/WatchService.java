package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** etcd's Watch service. */
final class WatchService extends WatchGrpc.WatchImplBase {

    private final EtcdState state;
    private final Map<StreamObserver<WatchResponse>, WatchStream> streams = new LinkedHashMap<>();

    WatchService(EtcdState state) {
        this.state = state;
        state.onCommit(() -> open().forEach(WatchStream::proceed));
    }

    @Override
    public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> client) {
        WatchStream stream =
                new WatchStream(state, (ServerCallStreamObserver<WatchResponse>) client, () -> streams.remove(client));
        streams.put(client, stream);
        return stream;
    }

    /** Sends signs of life to the watches that want them; to be called from time to time. */
    void notifyProgress() {
        open().forEach(WatchStream::notifyProgress);
    }

    private List<WatchStream> open() {
        return List.copyOf(streams.values());
    }
}
