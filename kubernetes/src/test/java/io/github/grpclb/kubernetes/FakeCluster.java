package io.github.grpclb.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What Kubernetes' API server holds and answers, as far as EndpointSlices go: versions, pages of one version, changes since a version,
 * and that it forgets. Thread-safe; a change wakes those who wait for its monitor.
 */
final class FakeCluster {

    private static final Pattern PATH =
            Pattern.compile("/apis/discovery\\.k8s\\.io/v1/namespaces/([a-z0-9-]+)/endpointslices");
    private static final String SELECTOR = "kubernetes.io/service-name=";

    /** A request as it came, checked for what each has to have; of all Services of the namespace where the name of one is empty. */
    record Query(String namespace, String service, Map<String, String> parameters) {

        static Query of(String pathAndQuery) {
            URI uri = URI.create(pathAndQuery);
            Matcher path = PATH.matcher(uri.getPath());
            Map<String, String> parameters = Arrays.stream(uri.getRawQuery().split("&"))
                    .map(parameter -> parameter.split("=", 2))
                    .collect(Collectors.toMap(
                            parts -> parts[0], parts -> URLDecoder.decode(parts[1], StandardCharsets.UTF_8)));
            String selector = parameters.getOrDefault("labelSelector", "");
            boolean isOfAll = selector.isEmpty() && !parameters.containsKey("watch");
            if (!path.matches() || !isOfAll && !selector.startsWith(SELECTOR)) {
                throw new IllegalArgumentException("not a request for EndpointSlices: " + pathAndQuery);
            }
            return new Query(path.group(1), isOfAll ? "" : selector.substring(SELECTOR.length()), parameters);
        }

        boolean isWatch() {
            return "true".equals(parameters.get("watch"));
        }

        long version() {
            return Long.parseLong(parameters.get("resourceVersion"));
        }

        long timeoutSeconds() {
            return Long.parseLong(parameters.get("timeoutSeconds"));
        }
    }

    /** Something that happened to a slice. */
    private record Change(long version, String namespace, String type, JsonObject slice) {}

    private final TreeMap<Long, Map<String, JsonObject>> states = new TreeMap<>(Map.of(100L, new TreeMap<>()));
    private final List<Change> changes = new ArrayList<>();
    private final List<Runnable> listeners = new ArrayList<>();
    private long forgotten;

    /** Has somebody told of each change, on the thread of who makes it. */
    synchronized void onChange(Runnable listener) {
        listeners.add(listener);
    }

    synchronized long version() {
        return states.lastKey();
    }

    /** Creates or replaces a slice. */
    synchronized void put(String namespace, SliceBuilder builder) {
        JsonObject slice = builder.json();
        Map<String, JsonObject> next = new TreeMap<>(states.lastEntry().getValue());
        long version = version() + 1;
        JsonObject metadata = slice.getAsJsonObject("metadata");
        metadata.addProperty("namespace", namespace);
        metadata.addProperty("resourceVersion", String.valueOf(version));
        boolean there = next.put(namespace + "/" + builder.name(), slice) != null;
        changed(version, next, new Change(version, namespace, there ? "MODIFIED" : "ADDED", slice));
    }

    synchronized void delete(String namespace, String name) {
        Map<String, JsonObject> next = new TreeMap<>(states.lastEntry().getValue());
        JsonObject slice = next.remove(namespace + "/" + name);
        if (slice != null) {
            long version = version() + 1;
            JsonObject deleted = slice.deepCopy();
            deleted.getAsJsonObject("metadata").addProperty("resourceVersion", String.valueOf(version));
            changed(version, next, new Change(version, namespace, "DELETED", deleted));
        }
    }

    /** Something else in the cluster changes. */
    synchronized void tick() {
        states.put(version() + 1, states.lastEntry().getValue());
    }

    /** Forgets all that was, but for what is now. */
    synchronized void compact() {
        forgotten = version();
        changes.clear();
        states.headMap(forgotten, false).clear();
    }

    /** Returns the slices of a Service at a version. */
    synchronized List<JsonObject> slices(String namespace, String service, long version) {
        return states.floorEntry(version).getValue().entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(namespace + "/"))
                .map(Map.Entry::getValue)
                .filter(isOf(service))
                .toList();
    }

    /** Answers a page of a list: the JSON, or a Status of code 410. */
    synchronized JsonObject list(Query query) {
        String token = query.parameters().get("continue");
        long version = token == null ? version() : Long.parseLong(token.split(":")[0]);
        if (version < forgotten) {
            return status(
                    410, "Expired", "The provided continue parameter is too old to display a consistent list result.");
        }
        int from = token == null ? 0 : Integer.parseInt(token.split(":")[1]);
        int limit = Integer.parseInt(query.parameters().getOrDefault("limit", "1000000"));
        List<JsonObject> all = slices(query.namespace(), query.service(), version);
        List<JsonObject> page = all.stream().skip(from).limit(limit).toList();
        JsonObject metadata = new JsonObject();
        metadata.addProperty("resourceVersion", String.valueOf(version));
        int left = all.size() - from - page.size();
        if (left > 0) {
            metadata.addProperty("continue", version + ":" + (from + page.size()) + ":+/=");
            metadata.addProperty("remainingItemCount", left);
        }
        JsonArray items = new JsonArray();
        page.forEach(items::add);
        JsonObject list = new JsonObject();
        list.addProperty("kind", "EndpointSliceList");
        list.addProperty("apiVersion", "discovery.k8s.io/v1");
        list.add("metadata", metadata);
        list.add("items", items);
        return list;
    }

    /** Whether changes since a version are known. */
    synchronized boolean remembers(long version) {
        return version >= forgotten;
    }

    /** Returns the events of a Service since a version. */
    synchronized List<JsonObject> events(Query query, long since) {
        List<JsonObject> events = new ArrayList<>();
        for (int i = changes.size() - 1; i >= 0 && changes.get(i).version() > since; i--) {
            Change change = changes.get(i);
            if (change.namespace().equals(query.namespace())
                    && isOf(query.service()).test(change.slice())) {
                events.add(event(change.type(), change.slice()));
            }
        }
        Collections.reverse(events);
        return events;
    }

    JsonObject bookmark() {
        JsonObject metadata = new JsonObject();
        metadata.addProperty("resourceVersion", String.valueOf(version()));
        JsonObject object = new JsonObject();
        object.addProperty("kind", "EndpointSlice");
        object.add("metadata", metadata);
        return event("BOOKMARK", object);
    }

    static JsonObject event(String type, JsonObject object) {
        JsonObject event = new JsonObject();
        event.addProperty("type", type);
        event.add("object", object);
        return event;
    }

    static JsonObject status(int code, String reason, String message) {
        JsonObject status = new JsonObject();
        status.addProperty("kind", "Status");
        status.addProperty("apiVersion", "v1");
        status.add("metadata", new JsonObject());
        status.addProperty("status", "Failure");
        status.addProperty("message", message);
        status.addProperty("reason", reason);
        status.addProperty("code", code);
        return status;
    }

    private void changed(long version, Map<String, JsonObject> next, Change change) {
        states.put(version, next);
        changes.add(change);
        notifyAll();
        listeners.forEach(Runnable::run);
    }

    private static Predicate<JsonObject> isOf(String service) {
        return slice -> service.isEmpty()
                || slice.getAsJsonObject("metadata")
                        .getAsJsonObject("labels")
                        .get("kubernetes.io/service-name")
                        .getAsString()
                        .equals(service);
    }
}
