package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.lock.LockGrpc;
import io.etcd.jetcd.api.lock.LockRequest;
import io.etcd.jetcd.api.lock.LockResponse;
import io.etcd.jetcd.api.lock.UnlockRequest;
import io.etcd.jetcd.api.lock.UnlockResponse;
import io.github.grpclb.etcd.embedded.Claims.Claim;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;

/** etcd's Lock service. */
final class LockService extends LockGrpc.LockImplBase {

    private final EtcdState state;
    private final Claims claims;

    LockService(EtcdState state, Claims claims) {
        this.state = state;
        this.claims = claims;
    }

    @Override
    public void lock(LockRequest request, StreamObserver<LockResponse> caller) {
        Answers.unlessRefused(caller, () -> {
            Claim claim = claims.make(request.getName(), request.getLease(), ByteString.EMPTY);
            claims.await(claim, (ServerCallStreamObserver<LockResponse>) caller, () -> answer(claim, caller));
        });
    }

    private void answer(Claim claim, StreamObserver<LockResponse> caller) {
        Answers.send(caller, () -> {
            if (!claims.exists(claim)) { // its lease ended while it waited
                throw new RefusedException(EtcdError.SESSION_EXPIRED);
            }
            return LockResponse.newBuilder()
                    .setHeader(state.header())
                    .setKey(claim.key())
                    .build();
        });
    }

    @Override
    public void unlock(UnlockRequest request, StreamObserver<UnlockResponse> caller) {
        Answers.send(caller, () -> {
            DeleteRangeRequest delete =
                    DeleteRangeRequest.newBuilder().setKey(request.getKey()).build();
            RequestRules.check(delete);
            state.write(() -> state.operations().delete(delete));
            return UnlockResponse.newBuilder().setHeader(state.header()).build();
        });
    }
}
