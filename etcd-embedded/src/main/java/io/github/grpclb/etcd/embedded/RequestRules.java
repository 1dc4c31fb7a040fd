package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What etcd refuses in a request without a look at its data. Each check throws an {@link RefusedException}. */
final class RequestRules {

    /** The most operations, or conditions, of one transaction with those nested in it. */
    static final int MAX_OPERATIONS = 128;

    /** The largest request that writes. */
    static final int MAX_BYTES = 1536 * 1024;

    private RequestRules() {}

    static void checkSize(MessageLite request) {
        refuseIf(request.getSerializedSize() > MAX_BYTES, EtcdError.REQUEST_TOO_LARGE);
    }

    static void check(RangeRequest request) {
        checkKey(request.getKey());
    }

    static void check(DeleteRangeRequest request) {
        checkKey(request.getKey());
    }

    static void check(PutRequest request) {
        checkKey(request.getKey());
        refuseIf(request.getIgnoreValue() && !request.getValue().isEmpty(), EtcdError.VALUE_PROVIDED);
        refuseIf(request.getIgnoreLease() && request.getLease() != LeaseTable.NONE, EtcdError.LEASE_PROVIDED);
    }

    static void check(TxnRequest request) {
        check(request, MAX_OPERATIONS);
        collect(request.getSuccessList());
        collect(request.getFailureList());
    }

    private static void check(TxnRequest request, int allowed) {
        int operations =
                Math.max(request.getCompareCount(), Math.max(request.getSuccessCount(), request.getFailureCount()));
        refuseIf(operations > allowed, EtcdError.TOO_MANY_OPERATIONS);
        for (Compare compare : request.getCompareList()) {
            checkKey(compare.getKey());
        }
        request.getSuccessList().forEach(operation -> check(operation, allowed - operations));
        request.getFailureList().forEach(operation -> check(operation, allowed - operations));
    }

    private static void check(RequestOp operation, int allowed) {
        switch (operation.getRequestCase()) {
            case REQUEST_RANGE -> check(operation.getRequestRange());
            case REQUEST_PUT -> check(operation.getRequestPut());
            case REQUEST_DELETE_RANGE -> check(operation.getRequestDeleteRange());
            case REQUEST_TXN -> check(operation.getRequestTxn(), allowed);
            case REQUEST_NOT_SET -> throw new RefusedException(EtcdError.KEY_NOT_FOUND);
        }
    }

    /** Returns what a list of operations writes, unless two of them write one key. */
    private static Writes collect(List<RequestOp> operations) {
        Writes all = new Writes(new HashSet<>(), new ArrayList<>());
        for (RequestOp operation : operations) {
            if (operation.hasRequestDeleteRange()) {
                DeleteRangeRequest delete = operation.getRequestDeleteRange();
                all.deleted().add(KeyRange.of(delete.getKey(), delete.getRangeEnd()));
            }
        }
        for (RequestOp operation : operations) {
            if (operation.hasRequestTxn()) {
                Writes success = collect(operation.getRequestTxn().getSuccessList());
                Writes failure = collect(operation.getRequestTxn().getFailureList());
                all.addEither(success, failure);
            }
        }
        for (RequestOp operation : operations) {
            if (operation.hasRequestPut()) {
                all.addPut(operation.getRequestPut().getKey());
            }
        }
        return all;
    }

    private static void checkKey(ByteString key) {
        refuseIf(key.isEmpty(), EtcdError.EMPTY_KEY);
    }

    private static void refuseIf(boolean broken, EtcdError error) {
        if (broken) {
            throw new RefusedException(error);
        }
    }

    private record Writes(Set<ByteString> put, List<KeyRange> deleted) {

        void addPut(ByteString key) {
            boolean isDeleted = deleted.stream().anyMatch(range -> range.contains(key));
            refuseIf(isDeleted || !put.add(key), EtcdError.DUPLICATE_KEY);
        }

        /** Adds two lists of which only one will be done: a key may be in both. */
        void addEither(Writes success, Writes failure) {
            Set<ByteString> keys = new HashSet<>(success.put);
            keys.addAll(failure.put);
            keys.forEach(this::addPut);
            deleted.addAll(success.deleted);
            deleted.addAll(failure.deleted);
        }
    }
}
