package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeRequest.SortOrder;
import io.etcd.jetcd.api.RangeRequest.SortTarget;
import io.etcd.jetcd.api.RangeResponse;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** One Range request: which keys, at which revision, filtered, sorted and cut in etcd's order of things. */
record RangeQuery(RangeRequest request) {

    /** Returns the revision that is asked for, as {@link MvccStore#range} takes it. */
    long revision() {
        return request.getRevision() <= 0 ? MvccStore.LATEST : request.getRevision();
    }

    /** Answers the request, without a header. */
    RangeResponse.Builder run(MvccStore store) {
        List<KeyValue> inRange = store.range(KeyRange.of(request.getKey(), request.getRangeEnd()), revision());
        RangeResponse.Builder response = RangeResponse.newBuilder().setCount(inRange.size());
        if (request.getCountOnly()) {
            return response;
        }
        List<KeyValue> found = sorted(fetch(inRange)).toList();
        int limit = (int) Math.min(limit(), found.size());
        found.subList(0, limit).forEach(each -> response.addKvs(withoutValueIfUnwanted(each)));
        return response.setMore(limit < found.size());
    }

    private long limit() {
        return request.getLimit() <= 0 ? Integer.MAX_VALUE : Math.min(request.getLimit(), Integer.MAX_VALUE);
    }

    /** Without an order or a filter etcd fetches one key more than the limit, and sorts those only. */
    private Stream<KeyValue> fetch(List<KeyValue> inRange) {
        boolean fetchesAll = request.getSortOrder() != SortOrder.NONE
                || request.getMinModRevision() != 0
                || request.getMaxModRevision() != 0
                || request.getMinCreateRevision() != 0
                || request.getMaxCreateRevision() != 0;
        return fetchesAll
                ? inRange.stream().filter(this::isWanted)
                : inRange.stream().limit(limit() + 1);
    }

    private boolean isWanted(KeyValue kv) {
        return isWithin(kv.getModRevision(), request.getMinModRevision(), request.getMaxModRevision())
                && isWithin(kv.getCreateRevision(), request.getMinCreateRevision(), request.getMaxCreateRevision());
    }

    private static boolean isWithin(long revision, long min, long max) {
        return revision >= min && (max == 0 || revision <= max);
    }

    /** Keys come in ascending order; another target without an order means ascending as well. */
    private Stream<KeyValue> sorted(Stream<KeyValue> found) {
        if (request.getSortTarget() == SortTarget.KEY && request.getSortOrder() != SortOrder.DESCEND) {
            return found;
        }
        Comparator<KeyValue> ascending = ascending();
        return found.sorted(request.getSortOrder() == SortOrder.DESCEND ? ascending.reversed() : ascending);
    }

    private Comparator<KeyValue> ascending() {
        return switch (request.getSortTarget()) {
            case VERSION -> Comparator.comparingLong(KeyValue::getVersion);
            case CREATE -> Comparator.comparingLong(KeyValue::getCreateRevision);
            case MOD -> Comparator.comparingLong(KeyValue::getModRevision);
            case VALUE -> Comparator.comparing(KeyValue::getValue, KeyRange.ORDER);
            case KEY, UNRECOGNIZED -> Comparator.comparing(KeyValue::getKey, KeyRange.ORDER);
        };
    }

    private KeyValue withoutValueIfUnwanted(KeyValue kv) {
        return request.getKeysOnly() ? kv.toBuilder().setValue(ByteString.EMPTY).build() : kv;
    }
}
