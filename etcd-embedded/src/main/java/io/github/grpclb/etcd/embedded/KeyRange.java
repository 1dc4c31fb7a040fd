package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import java.util.Comparator;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a request is about, in unsigned byte order.
 *
 * @param from the first key
 * @param to the first key after the range, null when it has no end
 */
record KeyRange(ByteString from, @Nullable ByteString to) {

    static final Comparator<ByteString> ORDER = ByteString.unsignedLexicographicalComparator();

    private static final ByteString ZERO = ByteString.copyFrom(new byte[1]);

    /** Reads etcd's pair: no end means one key, an end of one zero byte means every key from here on. */
    static KeyRange of(ByteString key, ByteString rangeEnd) {
        if (rangeEnd.isEmpty()) {
            return single(key);
        }
        return new KeyRange(key, rangeEnd.equals(ZERO) ? null : rangeEnd);
    }

    /** Reads the pair of a watch, where no key means the smallest one. */
    static KeyRange ofWatch(ByteString key, ByteString rangeEnd) {
        return of(key.isEmpty() ? ZERO : key, rangeEnd);
    }

    static KeyRange single(ByteString key) {
        return new KeyRange(key, key.concat(ZERO));
    }

    boolean isEmpty() {
        return to != null && ORDER.compare(from, to) >= 0;
    }

    boolean contains(ByteString key) {
        return ORDER.compare(key, from) >= 0 && (to == null || ORDER.compare(key, to) < 0);
    }

    /** Returns the part of a map, ordered by {@link #ORDER}, that lies in this range. */
    <V> SortedMap<ByteString, V> in(NavigableMap<ByteString, V> map) {
        if (isEmpty()) {
            return new TreeMap<>(ORDER);
        }
        return to == null ? map.tailMap(from) : map.subMap(from, to);
    }
}
