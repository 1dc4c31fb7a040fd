package io.github.grpclb.etcd.embedded;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Keys with all their versions since the last compaction, as etcd's {@code mvcc} package keeps them.
 *
 * <p>Changes made by {@link #put} and {@link #delete} can be read at once; {@link #commit} gives all of them one revision.
 * What is older than the last {@code historyLimit} revisions is compacted away. Not thread-safe.
 */
final class MvccStore {

    /** Reads what is newest, changes that are not committed included. */
    static final long LATEST = Long.MAX_VALUE;

    private final NavigableMap<ByteString, KeyHistory> keys = new TreeMap<>(KeyRange.ORDER);
    private final NavigableMap<Long, List<KeyValue>> changes = new TreeMap<>();
    private final int historyLimit;
    private List<KeyValue> uncommitted = new ArrayList<>();
    private long revision = 1;
    private long compactedRevision = -1;
    private long bytes;
    private long mostBytes;

    MvccStore(int historyLimit) {
        this.historyLimit = historyLimit;
    }

    /** Returns the revision that a reader sees now: that of the changes being made, if there are any. */
    long revision() {
        return uncommitted.isEmpty() ? revision : revision + 1;
    }

    /** Returns the size of all versions that are kept. */
    long bytes() {
        return bytes;
    }

    /** Returns the largest size since the last {@link #defragment}: what a file would have kept of it. */
    long mostBytes() {
        return mostBytes;
    }

    /** Gives back what is no longer in use. */
    void defragment() {
        mostBytes = bytes;
    }

    /**
     * Returns a checksum of all versions that are kept of the revisions up to one.
     *
     * @param at a revision, or {@link #LATEST}
     * @throws RefusedException if the revision is in the future or compacted
     */
    int hash(long at) {
        if (at <= compactedRevision) {
            throw new RefusedException(EtcdError.COMPACTED);
        }
        checkReadable(at);
        CRC32C checksum = new CRC32C();
        keys.values().forEach(history -> history.upTo(at).forEach(version -> checksum.update(version.toByteArray())));
        return (int) checksum.getValue();
    }

    /** Returns the revision of the last compaction, −1 before the first one. */
    long compactedRevision() {
        return compactedRevision;
    }

    /**
     * Returns the keys of a range, in order, as they were at a revision.
     *
     * @param at a revision, or {@link #LATEST}
     * @throws RefusedException if the revision is in the future or compacted
     */
    List<KeyValue> range(KeyRange range, long at) {
        checkReadable(at);
        List<KeyValue> found = new ArrayList<>();
        for (KeyHistory history : range.in(keys).values()) {
            KeyValue version = history.at(at);
            if (version != null) {
                found.add(version);
            }
        }
        return found;
    }

    /** Returns one key as it is now, or null where it does not exist. */
    @Nullable
    KeyValue get(ByteString key) {
        KeyHistory history = keys.get(key);
        return history == null ? null : history.at(LATEST);
    }

    /** Returns what a change replaced, or null where it replaced nothing or that is compacted. */
    @Nullable
    KeyValue before(KeyValue change) {
        KeyHistory history = keys.get(change.getKey());
        return history == null ? null : history.at(change.getModRevision() - 1);
    }

    /**
     * Checks that a revision can be read.
     *
     * @throws RefusedException if it is in the future or compacted
     */
    void checkReadable(long at) {
        if (at != LATEST && at > revision()) {
            throw new RefusedException(EtcdError.FUTURE_REVISION);
        }
        if (at < compactedRevision) {
            throw new RefusedException(EtcdError.COMPACTED);
        }
    }

    /** Writes a key; lease 0 is none. Returns what was there before, or null. */
    @Nullable
    KeyValue put(ByteString key, ByteString value, long lease) {
        KeyValue previous = get(key);
        long next = revision + 1;
        add(KeyValue.newBuilder()
                .setKey(key)
                .setValue(value)
                .setLease(lease)
                .setCreateRevision(previous == null ? next : previous.getCreateRevision())
                .setModRevision(next)
                .setVersion(previous == null ? 1 : previous.getVersion() + 1)
                .build());
        return previous;
    }

    /** Deletes the keys of a range; returns them as they were. */
    List<KeyValue> delete(KeyRange range) {
        List<KeyValue> deleted = range(range, LATEST);
        for (KeyValue each : deleted) {
            add(KeyValue.newBuilder()
                    .setKey(each.getKey())
                    .setModRevision(revision + 1)
                    .build());
        }
        return deleted;
    }

    /** Gives all changes since the last commit the next revision; returns whether there were any. */
    boolean commit() {
        if (uncommitted.isEmpty()) {
            return false;
        }
        revision++;
        changes.put(revision, uncommitted);
        uncommitted = new ArrayList<>();
        long oldest = revision - historyLimit;
        if (oldest > Math.max(1, compactedRevision)) {
            compact(oldest);
        }
        return true;
    }

    /** Returns the changes of each revision from one on, deletions as {@link KeyHistory#isDeletion} tells. */
    SortedMap<Long, List<KeyValue>> changesFrom(long first) {
        return changes.tailMap(first);
    }

    /**
     * Forgets what can be read at earlier revisions only.
     *
     * @throws RefusedException if the revision is in the future or compacted already
     */
    void compact(long at) {
        if (at > revision) {
            throw new RefusedException(EtcdError.FUTURE_REVISION);
        }
        if (at <= compactedRevision) {
            throw new RefusedException(EtcdError.COMPACTED);
        }
        compactedRevision = at;
        TreeSet<ByteString> touched = new TreeSet<>(KeyRange.ORDER);
        changes.headMap(at, true).values().forEach(list -> list.forEach(change -> touched.add(change.getKey())));
        for (ByteString key : touched) {
            keys.computeIfPresent(key, (k, history) -> {
                bytes -= history.compact(at);
                return history.isEmpty() ? null : history;
            });
        }
        changes.headMap(at).clear();
    }

    private void add(KeyValue version) {
        keys.computeIfAbsent(version.getKey(), key -> new KeyHistory()).add(version);
        uncommitted.add(version);
        bytes += version.getSerializedSize();
        mostBytes = Math.max(mostBytes, bytes);
    }
}
