package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.AlarmRequest.AlarmAction;
import io.etcd.jetcd.api.AlarmResponse;
import io.etcd.jetcd.api.DefragmentRequest;
import io.etcd.jetcd.api.DefragmentResponse;
import io.etcd.jetcd.api.HashKVRequest;
import io.etcd.jetcd.api.HashKVResponse;
import io.etcd.jetcd.api.HashRequest;
import io.etcd.jetcd.api.HashResponse;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/** The part of etcd's Maintenance service that clients ask for how it is; the rest is unimplemented. */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {

    /** The version whose behaviour this one follows; a semantic version, as clients expect. */
    static final String VERSION = "3.5.0-embedded";

    /** The least that a real one's file has, and the unit of its size. */
    private static final int EMPTY_PAGES = 5;

    private static final int PAGE_BYTES = 4096;

    private final EtcdState state;

    MaintenanceService(EtcdState state) {
        this.state = state;
    }

    @Override
    public void status(StatusRequest request, StreamObserver<StatusResponse> caller) {
        Answers.send(caller, () -> StatusResponse.newBuilder()
                .setHeader(state.header())
                .setVersion(VERSION)
                .setLeader(state.member().memberId())
                .setRaftIndex(state.store().revision())
                .setRaftAppliedIndex(state.store().revision())
                .setRaftTerm(Identity.RAFT_TERM)
                .setDbSize(inPages(state.store().mostBytes()))
                .setDbSizeInUse(inPages(state.store().bytes()))
                .build());
    }

    private static long inPages(long bytes) {
        return (EMPTY_PAGES + (bytes + PAGE_BYTES - 1) / PAGE_BYTES) * PAGE_BYTES;
    }

    @Override
    public void defragment(DefragmentRequest request, StreamObserver<DefragmentResponse> caller) {
        Answers.send(caller, () -> {
            state.store().defragment();
            return DefragmentResponse.newBuilder().setHeader(state.header()).build();
        });
    }

    /** What has the same data has the same hash; a real etcd has another one, of its files. */
    @Override
    public void hash(HashRequest request, StreamObserver<HashResponse> caller) {
        Answers.send(caller, () -> HashResponse.newBuilder()
                .setHeader(state.header())
                .setHash(state.store().hash(MvccStore.LATEST))
                .build());
    }

    @Override
    public void hashKV(HashKVRequest request, StreamObserver<HashKVResponse> caller) {
        Answers.send(caller, () -> HashKVResponse.newBuilder()
                .setHeader(state.header())
                .setHash(state.store().hash(request.getRevision() == 0 ? MvccStore.LATEST : request.getRevision()))
                .setCompactRevision(state.store().compactedRevision())
                .build());
    }

    /** There is never an alarm, to be told or disarmed; {@code etcdctl endpoint health} asks. */
    @Override
    public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> caller) {
        if (request.getAction() != AlarmAction.ACTIVATE) {
            Answers.send(
                    caller,
                    () -> AlarmResponse.newBuilder().setHeader(state.header()).build());
        } else {
            caller.onError(Status.UNIMPLEMENTED
                    .withDescription("embedded etcd: alarms cannot be set")
                    .asRuntimeException());
        }
    }
}
