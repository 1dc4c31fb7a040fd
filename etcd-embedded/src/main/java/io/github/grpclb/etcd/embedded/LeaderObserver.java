package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.LeaderResponse;
import io.etcd.jetcd.api.ResponseHeader;
import io.grpc.stub.StreamObserver;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells one caller who leads an election, and what each leader proclaims, as long as it leads. */
final class LeaderObserver {

    private final EtcdState state;
    private final Claims claims;
    private final ByteString name;
    private final StreamObserver<LeaderResponse> caller;

    /** The key of whoever was told to lead, until it is deleted. */
    private @Nullable ByteString leader;

    private long seen;

    LeaderObserver(EtcdState state, Claims claims, ByteString name, StreamObserver<LeaderResponse> caller) {
        this.state = state;
        this.claims = claims;
        this.name = name;
        this.caller = caller;
    }

    /** Tells what the revisions since the last call changed. */
    void proceed() {
        if (leader == null) {
            findLeader();
        } else {
            state.store().changesFrom(seen + 1).values().forEach(this::tell);
        }
        seen = state.store().revision();
    }

    private void tell(List<KeyValue> changes) {
        for (KeyValue change : changes) {
            if (change.getKey().equals(leader)) {
                if (KeyHistory.isDeletion(change)) {
                    findLeader();
                    return;
                }
                send(state.member().header(change.getModRevision()), change);
            }
        }
    }

    private void findLeader() {
        KeyValue found = claims.holder(name);
        leader = found == null ? null : found.getKey();
        if (found != null) {
            send(state.header(), found);
        }
    }

    private void send(ResponseHeader header, KeyValue kv) {
        caller.onNext(LeaderResponse.newBuilder().setHeader(header).setKv(kv).build());
    }
}
