package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.CampaignRequest;
import io.etcd.jetcd.api.CampaignResponse;
import io.etcd.jetcd.api.ElectionGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaderKey;
import io.etcd.jetcd.api.LeaderRequest;
import io.etcd.jetcd.api.LeaderResponse;
import io.etcd.jetcd.api.ProclaimRequest;
import io.etcd.jetcd.api.ProclaimResponse;
import io.etcd.jetcd.api.ResignRequest;
import io.etcd.jetcd.api.ResignResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.github.grpclb.etcd.embedded.Claims.Claim;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/** etcd's Election service. */
final class ElectionService extends ElectionGrpc.ElectionImplBase {

    private final EtcdState state;
    private final Claims claims;
    private final List<LeaderObserver> observers = new ArrayList<>();

    ElectionService(EtcdState state, Claims claims) {
        this.state = state;
        this.claims = claims;
        state.onCommit(() -> List.copyOf(observers).forEach(LeaderObserver::proceed));
    }

    /** The header is that of the candidacy, however long it took to win. */
    @Override
    public void campaign(CampaignRequest request, StreamObserver<CampaignResponse> caller) {
        Answers.unlessRefused(caller, () -> {
            Claim claim = claims.make(request.getName(), request.getLease(), request.getValue());
            KeyValue candidacy = state.store().get(claim.key());
            if (candidacy != null && !candidacy.getValue().equals(request.getValue())) {
                claims.write(claim, request.getValue());
            }
            ResponseHeader header = state.header();
            claims.await(
                    claim,
                    (ServerCallStreamObserver<CampaignResponse>) caller,
                    () -> Answers.send(caller, () -> CampaignResponse.newBuilder()
                            .setHeader(header)
                            .setLeader(LeaderKey.newBuilder()
                                    .setName(request.getName())
                                    .setKey(claim.key())
                                    .setRev(claim.createRevision())
                                    .setLease(claim.lease()))
                            .build()));
        });
    }

    @Override
    public void proclaim(ProclaimRequest request, StreamObserver<ProclaimResponse> caller) {
        Answers.send(caller, () -> {
            Claim claim = claim(request.hasLeader(), request.getLeader());
            if (!claims.exists(claim)) {
                throw new RefusedException(EtcdError.NOT_LEADER);
            }
            claims.write(claim, request.getValue());
            return ProclaimResponse.newBuilder().setHeader(state.header()).build();
        });
    }

    @Override
    public void leader(LeaderRequest request, StreamObserver<LeaderResponse> caller) {
        Answers.send(caller, () -> {
            KeyValue leader = claims.holder(request.getName());
            if (leader == null) {
                throw new RefusedException(EtcdError.NO_LEADER);
            }
            return LeaderResponse.newBuilder()
                    .setHeader(state.header())
                    .setKv(leader)
                    .build();
        });
    }

    @Override
    public void observe(LeaderRequest request, StreamObserver<LeaderResponse> caller) {
        LeaderObserver observer = new LeaderObserver(state, claims, request.getName(), caller);
        ((ServerCallStreamObserver<LeaderResponse>) caller).setOnCancelHandler(() -> observers.remove(observer));
        observers.add(observer);
        observer.proceed();
    }

    /** Whoever leads no more may resign. */
    @Override
    public void resign(ResignRequest request, StreamObserver<ResignResponse> caller) {
        Answers.send(caller, () -> {
            claims.release(claim(request.hasLeader(), request.getLeader()));
            return ResignResponse.newBuilder().setHeader(state.header()).build();
        });
    }

    private static Claim claim(boolean given, LeaderKey leader) {
        if (!given) {
            throw new RefusedException(EtcdError.NO_LEADER_KEY);
        }
        return new Claim(leader.getName(), leader.getKey(), leader.getRev(), leader.getLease());
    }
}
