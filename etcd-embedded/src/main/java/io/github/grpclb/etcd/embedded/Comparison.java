package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.Compare;
import io.etcd.jetcd.api.Compare.CompareTarget;
import io.etcd.jetcd.api.KeyValue;
import java.util.List;

/** One condition of a transaction. It holds for a range when it holds for every key there. */
record Comparison(Compare compare) {

    /** Target and operand that etcd has and jetcd's copy of its proto file has not. */
    private static final int LEASE_TARGET = 4;

    private static final int LEASE_FIELD = 8;

    boolean holds(MvccStore store) {
        List<KeyValue> found = store.range(KeyRange.of(compare.getKey(), compare.getRangeEnd()), MvccStore.LATEST);
        if (found.isEmpty()) {
            // a key that does not exist has the numbers 0, and no value that could equal the empty one
            return compare.getTarget() != CompareTarget.VALUE && holds(KeyValue.getDefaultInstance());
        }
        return found.stream().allMatch(this::holds);
    }

    private boolean holds(KeyValue kv) {
        int order = order(kv);
        return switch (compare.getResult()) {
            case EQUAL -> order == 0;
            case NOT_EQUAL -> order != 0;
            case GREATER -> order > 0;
            case LESS -> order < 0;
            case UNRECOGNIZED -> true;
        };
    }

    private int order(KeyValue kv) {
        return switch (compare.getTarget()) {
            case VERSION -> Long.compare(kv.getVersion(), compare.getVersion());
            case CREATE -> Long.compare(kv.getCreateRevision(), compare.getCreateRevision());
            case MOD -> Long.compare(kv.getModRevision(), compare.getModRevision());
            case VALUE -> KeyRange.ORDER.compare(kv.getValue(), compare.getValue());
            case UNRECOGNIZED -> compare.getTargetValue() == LEASE_TARGET ? Long.compare(kv.getLease(), lease()) : 0;
        };
    }

    private long lease() {
        List<Long> values = compare.getUnknownFields().getField(LEASE_FIELD).getVarintList();
        return values.isEmpty() ? LeaseTable.NONE : values.get(values.size() - 1);
    }
}
