package io.github.grpclb.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event.EventType;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchProgressRequest;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.function.Consumer;

/** One watch on a stream of its own. Whatever ends it ends it for good: who wants more reads the list again. */
final class JetcdWatch extends ClientCall.Listener<WatchResponse> implements EtcdApi.Watch {

    private static final Metadata.Key<String> REQUIRE_LEADER =
            Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

    private final ClientCall<WatchRequest, WatchResponse> call;
    private final EtcdApi.WatchListener listener;
    private final Consumer<EtcdException> onFailure;
    private boolean ended;

    private JetcdWatch(
            ClientCall<WatchRequest, WatchResponse> call,
            EtcdApi.WatchListener listener,
            Consumer<EtcdException> onFailure) {
        this.call = call;
        this.listener = listener;
        this.onFailure = onFailure;
    }

    static JetcdWatch start(
            Channel channel,
            CallOptions options,
            String prefix,
            long fromRevision,
            EtcdApi.WatchListener listener,
            Consumer<EtcdException> onFailure) {
        ClientCall<WatchRequest, WatchResponse> call = channel.newCall(WatchGrpc.getWatchMethod(), options);
        JetcdWatch watch = new JetcdWatch(call, listener, onFailure);
        Metadata headers = new Metadata();
        headers.put(REQUIRE_LEADER, "true");
        call.start(watch, headers);
        call.request(1);
        call.sendMessage(WatchRequest.newBuilder()
                .setCreateRequest(WatchCreateRequest.newBuilder()
                        .setKey(ByteString.copyFromUtf8(prefix))
                        .setRangeEnd(Wire.prefixEnd(prefix))
                        .setStartRevision(fromRevision))
                .build());
        return watch;
    }

    @Override
    public void requestProgress() {
        if (!ended) {
            call.sendMessage(WatchRequest.newBuilder()
                    .setProgressRequest(WatchProgressRequest.getDefaultInstance())
                    .build());
        }
    }

    @Override
    public void close() {
        if (!ended) {
            ended = true;
            call.cancel("no longer needed", null);
        }
    }

    @Override
    public void onMessage(WatchResponse response) {
        if (ended) {
            return;
        }
        long revision = response.getHeader().getRevision();
        if (response.getCanceled()) {
            close();
            listener.onEnd(cancelled(response));
            return;
        }
        if (response.getCreated()) {
            listener.onCreated(revision);
        } else if (response.getEventsCount() > 0) {
            List<EtcdApi.Event> events = response.getEventsList().stream()
                    .filter(event -> Wire.isText(event.getKv()))
                    .map(event -> new EtcdApi.Event(Wire.record(event.getKv()), event.getType() == EventType.DELETE))
                    .toList();
            // not the header's: that of one who catches up may be ahead of the events, and the next one's behind it
            listener.onEvents(
                    response.getEvents(response.getEventsCount() - 1).getKv().getModRevision(), events);
        } else {
            listener.onProgress(revision);
        }
        call.request(1);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        if (!ended) {
            ended = true;
            listener.onEnd(
                    status.isOk()
                            ? new EtcdException(EtcdException.Kind.COMPLETED, "etcd ended the watch")
                            : failure(status));
        }
    }

    private EtcdException cancelled(WatchResponse response) {
        if (response.getCompactRevision() != 0) {
            return new EtcdException(
                    EtcdException.Kind.COMPACTED, "etcd: compacted up to revision " + response.getCompactRevision());
        }
        return failure(Status.FAILED_PRECONDITION.withDescription(
                response.getCancelReason().isEmpty() ? "watch cancelled" : response.getCancelReason()));
    }

    private EtcdException failure(Status status) {
        EtcdException failure = EtcdException.of(status.asException());
        onFailure.accept(failure);
        return failure;
    }
}
