package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.DeleteRangeResponse;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.PutResponse;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseHeader;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import java.util.Iterator;
import java.util.List;

/**
 * Does what KV requests ask for, on the keys and the leases together. Every request is checked before it changes
 * anything; its changes wait for {@link MvccStore#commit}. Headers hold the revision only. Not thread-safe.
 */
final class Operations {

    private final MvccStore store;
    private final LeaseTable leases;

    Operations(MvccStore store, LeaseTable leases) {
        this.store = store;
        this.leases = leases;
    }

    RangeResponse range(RangeRequest request) {
        return new RangeQuery(request).run(store).setHeader(header()).build();
    }

    PutResponse put(PutRequest request) {
        checkLease(request);
        checkExistence(request);
        return doPut(request);
    }

    DeleteRangeResponse delete(DeleteRangeRequest request) {
        List<KeyValue> deleted = delete(KeyRange.of(request.getKey(), request.getRangeEnd()));
        DeleteRangeResponse.Builder response =
                DeleteRangeResponse.newBuilder().setHeader(header()).setDeleted(deleted.size());
        return request.getPrevKv() ? response.addAllPrevKvs(deleted).build() : response.build();
    }

    TxnResponse txn(TxnRequest request) {
        Branch branch = Branch.choose(request, store);
        check(branch);
        return doTxn(branch).setHeader(header()).build();
    }

    /** Ends a lease, deletes its keys, and returns it. */
    Lease revoke(long leaseId) {
        Lease lease = leases.revoke(leaseId);
        lease.keys().forEach(key -> store.delete(KeyRange.single(key)));
        return lease;
    }

    private void checkLease(PutRequest request) {
        if (request.getLease() != LeaseTable.NONE && leases.find(request.getLease()) == null) {
            throw new RefusedException(EtcdError.LEASE_NOT_FOUND);
        }
    }

    private void checkExistence(PutRequest request) {
        if ((request.getIgnoreValue() || request.getIgnoreLease()) && store.get(request.getKey()) == null) {
            throw new RefusedException(EtcdError.KEY_NOT_FOUND);
        }
    }

    /** Checks in etcd's order: all puts, and within each the key first. */
    private void check(Branch branch) {
        branch.forEach(RequestOp::hasRequestPut, operation -> {
            checkExistence(operation.getRequestPut());
            checkLease(operation.getRequestPut());
        });
        branch.forEach(
                RequestOp::hasRequestRange,
                operation -> store.checkReadable(new RangeQuery(operation.getRequestRange()).revision()));
    }

    private PutResponse doPut(PutRequest request) {
        ByteString key = request.getKey();
        KeyValue existing = store.get(key);
        long oldLease = existing == null ? LeaseTable.NONE : existing.getLease();
        long lease = request.getIgnoreLease() ? oldLease : request.getLease();
        ByteString value = request.getIgnoreValue() && existing != null ? existing.getValue() : request.getValue();
        store.put(key, value, lease);
        leases.move(key, oldLease, lease);
        PutResponse.Builder response = PutResponse.newBuilder().setHeader(header());
        return request.getPrevKv() && existing != null
                ? response.setPrevKv(existing).build()
                : response.build();
    }

    private List<KeyValue> delete(KeyRange range) {
        List<KeyValue> deleted = store.delete(range);
        deleted.forEach(each -> leases.move(each.getKey(), each.getLease(), LeaseTable.NONE));
        return deleted;
    }

    private TxnResponse.Builder doTxn(Branch branch) {
        // a nested transaction has an empty header on a real etcd too
        TxnResponse.Builder response = TxnResponse.newBuilder()
                .setHeader(ResponseHeader.getDefaultInstance())
                .setSucceeded(branch.succeeded());
        Iterator<Branch> nested = branch.nested().iterator();
        for (RequestOp operation : branch.operations()) {
            response.addResponses(
                    operation.hasRequestTxn()
                            ? ResponseOp.newBuilder().setResponseTxn(doTxn(nested.next()))
                            : doSimple(operation));
        }
        return response;
    }

    private ResponseOp.Builder doSimple(RequestOp operation) {
        ResponseOp.Builder response = ResponseOp.newBuilder();
        return switch (operation.getRequestCase()) {
            case REQUEST_RANGE -> response.setResponseRange(range(operation.getRequestRange()));
            case REQUEST_PUT -> response.setResponsePut(doPut(operation.getRequestPut()));
            case REQUEST_DELETE_RANGE -> response.setResponseDeleteRange(delete(operation.getRequestDeleteRange()));
            case REQUEST_TXN, REQUEST_NOT_SET -> throw new IllegalArgumentException("no simple operation");
        };
    }

    private ResponseHeader header() {
        return ResponseHeader.newBuilder().setRevision(store.revision()).build();
    }
}
