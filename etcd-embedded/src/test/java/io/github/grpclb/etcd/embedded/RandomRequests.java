package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareResult;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.DeleteRangeRequest;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.LeaseTimeToLiveRequest;
import io.etcd.jetcd.api.PutRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeRequest.SortTarget;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.TxnRequest;
import java.util.Random;

/**
 * Requests over few keys, values, leases and revisions, so that they meet; valid ones and such as etcd refuses.
 *
 * <p>At most ten keys exist: so few are sorted alike by a stable sort and by etcd's.
 */
final class RandomRequests {

    private static final int KEYS = 10;
    private static final int LEASES = 4;
    private static final long LONG_TTL_SECONDS = 10_000;

    private final Random chance;
    private long revision = 1;

    RandomRequests(long seed) {
        this.chance = new Random(seed);
    }

    /** Tells how far the store is, so that later requests name revisions near it. */
    void revisionIs(long current) {
        revision = current;
    }

    Message next() {
        return switch (chance.nextInt(20)) {
            case 0, 1, 2, 3 -> put();
            case 4, 5 -> delete();
            case 6, 7, 8, 9 -> range();
            case 10 ->
                CompactionRequest.newBuilder().setRevision(someRevision()).build();
            case 11 ->
                LeaseGrantRequest.newBuilder()
                        .setID(someLease())
                        .setTTL(LONG_TTL_SECONDS)
                        .build();
            case 12 -> LeaseRevokeRequest.newBuilder().setID(someLease()).build();
            case 13 ->
                LeaseTimeToLiveRequest.newBuilder()
                        .setID(someLease())
                        .setKeys(true)
                        .build();
            default -> txn(2);
        };
    }

    private PutRequest put() {
        PutRequest.Builder put = PutRequest.newBuilder().setKey(key()).setPrevKv(chance.nextBoolean());
        if (oneIn(6)) {
            put.setIgnoreValue(true);
        }
        if (!put.getIgnoreValue() || oneIn(10)) {
            put.setValue(value());
        }
        if (oneIn(6)) {
            put.setIgnoreLease(true);
        }
        if (oneIn(3)) {
            put.setLease(someLease());
        }
        return put.build();
    }

    private DeleteRangeRequest delete() {
        return DeleteRangeRequest.newBuilder()
                .setKey(key())
                .setRangeEnd(rangeEnd())
                .setPrevKv(chance.nextBoolean())
                .build();
    }

    private RangeRequest range() {
        RangeRequest.Builder range = RangeRequest.newBuilder().setKey(key()).setRangeEnd(rangeEnd());
        if (chance.nextBoolean()) {
            range.setKey(ByteString.copyFrom(new byte[1])).setRangeEnd(ByteString.copyFrom(new byte[1]));
        }
        if (oneIn(3)) {
            range.setRevision(someRevision());
        }
        if (oneIn(3)) {
            range.setLimit(chance.nextInt(5));
        }
        if (chance.nextBoolean()) {
            range.setSortOrder(SortOrder.forNumber(chance.nextInt(3)));
            range.setSortTarget(SortTarget.forNumber(chance.nextInt(5)));
        }
        if (oneIn(8)) {
            range.setMinModRevision(someRevision()).setMaxCreateRevision(someRevision());
        }
        if (oneIn(8)) {
            range.setMaxModRevision(someRevision()).setMinCreateRevision(someRevision());
        }
        return range.setKeysOnly(oneIn(5)).setCountOnly(oneIn(8)).build();
    }

    private TxnRequest txn(int depth) {
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        for (int i = chance.nextInt(3); i > 0; i--) {
            txn.addCompare(compare());
        }
        for (int i = chance.nextInt(4); i > 0; i--) {
            txn.addSuccess(operation(depth));
        }
        for (int i = chance.nextInt(4); i > 0; i--) {
            txn.addFailure(operation(depth));
        }
        return txn.build();
    }

    private RequestOp operation(int depth) {
        RequestOp.Builder operation = RequestOp.newBuilder();
        return switch (chance.nextInt(depth == 0 ? 5 : 6)) {
            case 0, 1 -> operation.setRequestPut(put()).build();
            case 2, 3 -> operation.setRequestRange(range()).build();
            case 4 -> operation.setRequestDeleteRange(delete()).build();
            default -> operation.setRequestTxn(txn(depth - 1)).build();
        };
    }

    private Compare compare() {
        Compare.Builder compare = Compare.newBuilder()
                .setKey(key())
                .setResult(CompareResult.forNumber(chance.nextInt(4)))
                .setTarget(CompareTarget.forNumber(chance.nextInt(4)));
        if (oneIn(4)) {
            compare.setRangeEnd(rangeEnd());
        }
        return switch (compare.getTarget()) {
            case VERSION -> compare.setVersion(chance.nextInt(4)).build();
            case CREATE -> compare.setCreateRevision(someRevision()).build();
            case MOD -> compare.setModRevision(someRevision()).build();
            default -> compare.setValue(value()).build();
        };
    }

    private ByteString key() {
        return oneIn(40) ? ByteString.EMPTY : RawEtcdClient.bytes("k" + chance.nextInt(KEYS));
    }

    /** A prefix end, another key (perhaps a smaller one) or none; an open end would delete everything too often. */
    private ByteString rangeEnd() {
        return switch (chance.nextInt(6)) {
            case 0 -> RawEtcdClient.bytes("k" + chance.nextInt(KEYS));
            case 1 -> RawEtcdClient.bytes("l");
            default -> ByteString.EMPTY;
        };
    }

    private ByteString value() {
        return RawEtcdClient.bytes(oneIn(8) ? "" : "v" + chance.nextInt(4));
    }

    private long someLease() {
        return 1 + chance.nextInt(LEASES);
    }

    private long someRevision() {
        return Math.max(0, revision + 2 - chance.nextInt(12));
    }

    private boolean oneIn(int n) {
        return chance.nextInt(n) == 0;
    }
}
