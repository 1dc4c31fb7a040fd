package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.AlarmRequest;
import io.etcd.jetcd.api.AlarmRequest.AlarmAction;
import io.etcd.jetcd.api.AlarmResponse;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;

/** The part of etcd's Maintenance service that clients ask for how it is; the rest is unimplemented. */
final class MaintenanceService extends MaintenanceGrpc.MaintenanceImplBase {

    /** The version whose behaviour this one follows; a semantic version, as clients expect. */
    static final String VERSION = "3.5.0-embedded";

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
                .build());
    }

    /** There is never an alarm; {@code etcdctl endpoint health} asks. */
    @Override
    public void alarm(AlarmRequest request, StreamObserver<AlarmResponse> caller) {
        if (request.getAction() == AlarmAction.GET) {
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
