package io.github.grpclb.etcd.embedded;

import io.etcd.jetcd.api.KeyValue;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The versions of one key, oldest first. A deletion is a version too: it has the number 0 and no value. */
final class KeyHistory {

    private final List<KeyValue> versions = new ArrayList<>();

    static boolean isDeletion(KeyValue version) {
        return version.getVersion() == 0;
    }

    void add(KeyValue version) {
        versions.add(version);
    }

    /** Returns the key as it was at a revision, or null where it did not exist. */
    @Nullable
    KeyValue at(long revision) {
        int count = countUpTo(revision);
        if (count == 0 || isDeletion(versions.get(count - 1))) {
            return null;
        }
        return versions.get(count - 1);
    }

    /** Returns the versions of all revisions up to one, oldest first. */
    List<KeyValue> upTo(long revision) {
        return versions.subList(0, countUpTo(revision));
    }

    /** Forgets what nobody who reads at this revision or later can see; returns the size of that. */
    long compact(long revision) {
        int count = countUpTo(revision);
        int last = count - 1;
        List<KeyValue> forgotten =
                versions.subList(0, count > 0 && isDeletion(versions.get(last)) ? count : Math.max(0, last));
        long bytes = forgotten.stream().mapToLong(KeyValue::getSerializedSize).sum();
        forgotten.clear();
        return bytes;
    }

    boolean isEmpty() {
        return versions.isEmpty();
    }

    private int countUpTo(long revision) {
        int low = 0;
        int high = versions.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (versions.get(middle).getModRevision() <= revision) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
