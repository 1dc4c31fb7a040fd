package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrantResponse;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseRevokeResponse;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveResponse;
import io.grpc.stub.StreamObserver;

/** etcd's Lease service, but for the list of leases: {@link LeaseListing}. */
final class LeaseService extends LeaseGrpc.LeaseImplBase {

    private static final long UNKNOWN_TTL = -1;

    private final EtcdState state;
    private final LeaseTable leases;

    LeaseService(EtcdState state) {
        this.state = state;
        this.leases = state.leases();
    }

    @Override
    public void leaseGrant(LeaseGrantRequest request, StreamObserver<LeaseGrantResponse> caller) {
        Answers.send(caller, () -> {
            Lease lease = leases.grant(request.getID(), request.getTTL());
            return LeaseGrantResponse.newBuilder()
                    .setHeader(state.header())
                    .setID(lease.id())
                    .setTTL(lease.ttlSeconds())
                    .build();
        });
    }

    @Override
    public void leaseRevoke(LeaseRevokeRequest request, StreamObserver<LeaseRevokeResponse> caller) {
        Answers.send(caller, () -> {
            state.revoke(request.getID());
            return LeaseRevokeResponse.newBuilder().setHeader(state.header()).build();
        });
    }

    @Override
    public void leaseTimeToLive(LeaseTimeToLiveRequest request, StreamObserver<LeaseTimeToLiveResponse> caller) {
        Answers.send(caller, () -> {
            LeaseTimeToLiveResponse.Builder response = LeaseTimeToLiveResponse.newBuilder()
                    .setHeader(state.header())
                    .setID(request.getID());
            Lease lease = leases.find(request.getID());
            if (lease == null) {
                return response.setTTL(UNKNOWN_TTL).build();
            }
            if (request.getKeys()) {
                response.addAllKeys(lease.keys());
            }
            return response.setGrantedTTL(lease.ttlSeconds())
                    .setTTL(leases.remainingSeconds(lease))
                    .build();
        });
    }

    @Override
    public StreamObserver<LeaseKeepAliveRequest> leaseKeepAlive(StreamObserver<LeaseKeepAliveResponse> caller) {
        return new StreamObserver<>() {
            @Override
            public void onNext(LeaseKeepAliveRequest request) {
                caller.onNext(LeaseKeepAliveResponse.newBuilder()
                        .setHeader(state.header())
                        .setID(request.getID())
                        .setTTL(leases.renew(request.getID()))
                        .build());
            }

            @Override
            public void onError(Throwable cancelled) {}

            @Override
            public void onCompleted() {
                caller.onCompleted();
            }
        };
    }
}
