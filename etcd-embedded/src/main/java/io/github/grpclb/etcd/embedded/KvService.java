package io.github.grpclb.etcd.embedded;

import com.google.protobuf.MessageLite;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.CompactionResponse;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.DeleteRangeResponse;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/** etcd's KV service. */
final class KvService extends KVGrpc.KVImplBase {

    private final EtcdState state;
    private final Operations operations;

    KvService(EtcdState state) {
        this.state = state;
        this.operations = state.operations();
    }

    @Override
    public void range(RangeRequest request, StreamObserver<RangeResponse> caller) {
        Answers.send(caller, () -> {
            RequestRules.check(request);
            return operations.range(request).toBuilder()
                    .setHeader(state.header())
                    .build();
        });
    }

    @Override
    public void put(PutRequest request, StreamObserver<PutResponse> caller) {
        Answers.send(caller, () -> {
            RequestRules.check(request);
            return write(request, () -> operations.put(request)).toBuilder()
                    .setHeader(state.header())
                    .build();
        });
    }

    @Override
    public void deleteRange(DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> caller) {
        Answers.send(caller, () -> {
            RequestRules.check(request);
            return write(request, () -> operations.delete(request)).toBuilder()
                    .setHeader(state.header())
                    .build();
        });
    }

    @Override
    public void txn(TxnRequest request, StreamObserver<TxnResponse> caller) {
        Answers.send(caller, () -> {
            RequestRules.check(request);
            return write(request, () -> operations.txn(request)).toBuilder()
                    .setHeader(state.header())
                    .build();
        });
    }

    @Override
    public void compact(CompactionRequest request, StreamObserver<CompactionResponse> caller) {
        Answers.send(caller, () -> {
            state.store().compact(request.getRevision());
            return CompactionResponse.newBuilder().setHeader(state.header()).build();
        });
    }

    private <T> T write(MessageLite request, Supplier<T> operation) {
        RequestRules.checkSize(request);
        return state.write(operation);
    }
}
