package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.ClusterGrpc.ClusterBlockingStub;
import io.etcd.jetcd.api.ElectionGrpc;
import io.etcd.jetcd.api.ElectionGrpc.ElectionFutureStub;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KVGrpc.KVBlockingStub;
import io.etcd.jetcd.api.LeaderRequest;
import io.etcd.jetcd.api.LeaderResponse;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseGrpc.LeaseBlockingStub;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.MaintenanceGrpc.MaintenanceBlockingStub;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.lock.LockGrpc;
import io.etcd.jetcd.api.lock.LockGrpc.LockFutureStub;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The generated stubs over one connection: every field of a request and a response can be seen. */
final class RawEtcdClient implements AutoCloseable {

    private static final long DEADLINE_SECONDS = 20;

    private final ManagedChannel channel;

    RawEtcdClient(URI endpoint) {
        this.channel = NettyChannelBuilder.forAddress(endpoint.getHost(), endpoint.getPort())
                .usePlaintext()
                .build();
    }

    static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }

    KVBlockingStub kv() {
        return KVGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    LeaseBlockingStub lease() {
        return LeaseGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    MaintenanceBlockingStub maintenance() {
        return MaintenanceGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    ClusterBlockingStub cluster() {
        return ClusterGrpc.newBlockingStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Calls of locks wait for others: they are made without waiting for their end. */
    LockFutureStub lock() {
        return LockGrpc.newFutureStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    ElectionFutureStub election() {
        return ElectionGrpc.newFutureStub(channel).withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS);
    }

    /** Hears who leads an election, until the client is closed. */
    Recorder<LeaderResponse> observe(ByteString name) {
        Recorder<LeaderResponse> leaders = new Recorder<>();
        ElectionGrpc.newStub(channel)
                .observe(LeaderRequest.newBuilder().setName(name).build(), leaders);
        return leaders;
    }

    /** Renews a lease once. */
    LeaseKeepAliveResponse keepAlive(long id) {
        CompletableFuture<LeaseKeepAliveResponse> first = new CompletableFuture<>();
        var requests = LeaseGrpc.newStub(channel)
                .withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .leaseKeepAlive(new Recorder<LeaseKeepAliveResponse>() {
                    @Override
                    public void onNext(LeaseKeepAliveResponse response) {
                        super.onNext(response);
                        first.complete(response);
                    }

                    @Override
                    public void onError(Throwable error) {
                        first.completeExceptionally(error);
                    }
                });
        requests.onNext(LeaseKeepAliveRequest.newBuilder().setID(id).build());
        try {
            return first.join();
        } finally {
            requests.onCompleted();
        }
    }

    /** Opens a stream for watches. */
    WatchCall watch() {
        return new WatchCall(WatchGrpc.newStub(channel), true);
    }

    /** Opens a stream for watches that reads nothing until {@link WatchCall#readAll}. */
    WatchCall watchUnread() {
        return new WatchCall(WatchGrpc.newStub(channel), false);
    }

    @Override
    public void close() {
        channel.shutdownNow();
    }
}
