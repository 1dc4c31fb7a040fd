package io.github.grpclb.etcd;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointListener;
import io.github.grpclb.discovery.EndpointSnapshot;
import io.github.grpclb.etcd.record.EndpointCodec;
import io.github.grpclb.etcd.record.KeySpace;
import io.github.grpclb.etcd.record.KeyValue;
import io.github.grpclb.etcd.record.MalformedRecordException;
import io.github.grpclb.testing.FakeClock;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Holds each list that a source publishes against what etcd held: it is that of its revision, no list is older than the one
 * before, none is the same, what did not change is the same object, and no list is taken back.
 */
final class PublishedLists implements EndpointListener {

    private final FakeStore store;
    private final FakeClock clock;
    private final EndpointCodec codec;
    private final Consumer<String> violated;
    private final Map<KeyValue, Optional<Endpoint>> read = new IdentityHashMap<>();
    private EndpointSnapshot last;
    private int era;

    PublishedLists(FakeStore store, FakeClock clock, KeySpace keys, Consumer<String> violated) {
        this.store = store;
        this.clock = clock;
        this.codec = new EndpointCodec(keys);
        this.violated = violated;
    }

    @Override
    public void onEndpoints(EndpointSnapshot snapshot) {
        onTheLoop("onEndpoints");
        isHeldByEtcd(snapshot);
        if (last != null) {
            isNew(snapshot.endpoints(), last.endpoints());
        }
        last = snapshot;
    }

    @Override
    public void onUnavailable(String reason) {
        onTheLoop("onUnavailable");
        if (last != null) {
            violated.accept("I2: 'unavailable' after a list: " + reason);
        }
    }

    /** Whether the last list is what etcd holds now. */
    boolean isCurrent() {
        return last != null && matches(last.endpoints(), store.records());
    }

    String describeLast() {
        return last == null ? "nothing" : last.revision() + " " + last.endpoints();
    }

    private void onTheLoop(String call) {
        if (!clock.isRunning()) {
            violated.accept("I6: " + call + " not on the loop's thread");
        }
    }

    private void isHeldByEtcd(EndpointSnapshot snapshot) {
        for (int candidate = era; candidate < store.eras(); candidate++) {
            NavigableMap<Long, Map<String, KeyValue>> states = store.era(candidate);
            boolean grows = candidate > era || last == null || snapshot.revision() >= last.revision();
            if (grows
                    && snapshot.revision() <= states.lastKey()
                    && matches(
                            snapshot.endpoints(),
                            states.floorEntry(snapshot.revision()).getValue())) {
                era = candidate;
                return;
            }
        }
        violated.accept((snapshot.endpoints().isEmpty() ? "I2" : "I1") + ": a list that etcd did not hold: "
                + snapshot.revision() + " " + snapshot.endpoints() + "; before: " + describeLast());
    }

    private void isNew(List<Endpoint> now, List<Endpoint> before) {
        if (now.equals(before)) {
            violated.accept("I7: the same list again: " + now);
        }
        Map<Endpoint, Endpoint> known = new HashMap<>();
        before.forEach(endpoint -> known.put(endpoint, endpoint));
        for (Endpoint endpoint : now) {
            Endpoint same = known.get(endpoint);
            if (same != null && same != endpoint) {
                violated.accept("I7: an endpoint that did not change is another object: " + endpoint);
            }
        }
    }

    private boolean matches(List<Endpoint> list, Map<String, KeyValue> records) {
        int i = 0;
        for (KeyValue record : records.values()) {
            Endpoint next = i < list.size() ? list.get(i) : null;
            Optional<Endpoint> endpoint = read(record);
            if (endpoint.isPresent()) {
                if (!endpoint.get().equals(next)) {
                    return false;
                }
                i++;
            } else if (next != null && wasOnce(record.key(), next)) {
                i++;
            }
        }
        return i == list.size();
    }

    /** Of a record that cannot be read an earlier value stays. */
    private boolean wasOnce(String key, Endpoint endpoint) {
        for (int candidate = 0; candidate < store.eras(); candidate++) {
            for (Map<String, KeyValue> records : store.era(candidate).values()) {
                KeyValue record = records.get(key);
                if (record != null && read(record).equals(Optional.of(endpoint))) {
                    return true;
                }
            }
        }
        return false;
    }

    private Optional<Endpoint> read(KeyValue record) {
        return read.computeIfAbsent(record, unread -> {
            try {
                return Optional.of(codec.decode(FaultSchedule.SERVICE, unread, leftOut -> {}));
            } catch (MalformedRecordException e) {
                return Optional.empty();
            }
        });
    }
}
