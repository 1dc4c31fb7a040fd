package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.Member;
import io.etcd.jetcd.api.MemberListRequest;
import io.etcd.jetcd.api.MemberListResponse;
import io.grpc.stub.StreamObserver;
import java.net.URI;
import java.util.function.Supplier;

/** Tells that this cluster has one member; a change of it is unimplemented. */
final class ClusterService extends ClusterGrpc.ClusterImplBase {

    private final EtcdState state;
    private final Supplier<URI> endpoint;

    ClusterService(EtcdState state, Supplier<URI> endpoint) {
        this.state = state;
        this.endpoint = endpoint;
    }

    @Override
    public void memberList(MemberListRequest request, StreamObserver<MemberListResponse> caller) {
        Answers.send(caller, () -> MemberListResponse.newBuilder()
                .setHeader(state.header())
                .addMembers(Member.newBuilder()
                        .setID(state.member().memberId())
                        .setName("embedded")
                        .addClientURLs(endpoint.get().toString()))
                .build());
    }
}
