package io.github.grpclb.test;

import io.github.grpclb.discovery.Endpoint;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The records of a registry, by service and address. Not thread-safe. */
final class FakeRecords {

    private final Map<String, Map<String, Endpoint>> services = new TreeMap<>();
    private long revision;

    /** Returns the revision of the last change. */
    long revision() {
        return revision;
    }

    /** Begins a change: all that is written until the next one has the same revision. */
    void beginChange() {
        revision++;
    }

    /** Writes a record, under the key of its address. One that is as before stays the same object. */
    void write(Endpoint endpoint) {
        Map<String, Endpoint> service = services.computeIfAbsent(endpoint.service(), missing -> new TreeMap<>());
        Endpoint before = service.get(endpoint.address());
        Endpoint record = endpoint.toBuilder()
                .key(endpoint.service() + "/" + endpoint.address())
                .createRevision(before == null ? revision : before.createRevision())
                .build();
        if (!record.equals(before)) {
            service.put(record.address(), record);
        }
    }

    /** Deletes what is at an address; returns it, or null where there is nothing. */
    @Nullable
    Endpoint delete(String service, String address) {
        Map<String, Endpoint> records = services.get(service);
        return records == null ? null : records.remove(address);
    }

    /** Returns the records of a service, in the order of their addresses. */
    List<Endpoint> of(String service) {
        return List.copyOf(services.getOrDefault(service, Map.of()).values());
    }
}
