package io.github.grpclb.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;

/** Writes an EndpointSlice as Kubernetes does. Not thread-safe. */
final class SliceBuilder {

    private final JsonObject slice = new JsonObject();
    private final JsonObject metadata = new JsonObject();
    private final JsonArray ports = new JsonArray();
    private final JsonArray endpoints = new JsonArray();
    private JsonObject last = new JsonObject();

    private SliceBuilder(String name, String service) {
        JsonObject labels = new JsonObject();
        labels.addProperty("kubernetes.io/service-name", service);
        labels.addProperty("endpointslice.kubernetes.io/managed-by", "endpointslice-controller.k8s.io");
        metadata.addProperty("name", name);
        metadata.addProperty("generateName", service + "-");
        metadata.add("labels", labels);
        slice.addProperty("kind", "EndpointSlice");
        slice.addProperty("apiVersion", "discovery.k8s.io/v1");
        slice.add("metadata", metadata);
        slice.addProperty("addressType", "IPv4");
        slice.add("endpoints", endpoints);
        slice.add("ports", ports);
    }

    /** Starts one of a Service, of IPv4 addresses, with no port and no endpoint. */
    static SliceBuilder slice(String name, String service) {
        return new SliceBuilder(name, service);
    }

    /** Starts one whose endpoints have one port, {@code grpc}. */
    static SliceBuilder grpc(String name, String service, int port) {
        return slice(name, service).port("grpc", port);
    }

    SliceBuilder type(String addressType) {
        slice.addProperty("addressType", addressType);
        return this;
    }

    SliceBuilder port(String name, int number) {
        JsonObject port = new JsonObject();
        port.addProperty("name", name);
        port.addProperty("protocol", "TCP");
        port.addProperty("port", number);
        ports.add(port);
        return this;
    }

    /** Adds a port as it is written. */
    SliceBuilder port(JsonObject port) {
        ports.add(port);
        return this;
    }

    SliceBuilder ready(String address, String pod) {
        return endpoint(address, pod).conditions(true, true, false);
    }

    SliceBuilder notReady(String address, String pod) {
        return endpoint(address, pod).conditions(false, false, false);
    }

    SliceBuilder terminating(String address, String pod, boolean serving) {
        return endpoint(address, pod).conditions(false, serving, true);
    }

    /** Adds an endpoint that has no conditions, and no reference where the pod is null. */
    SliceBuilder endpoint(String address, String pod) {
        last = new JsonObject();
        JsonArray addresses = new JsonArray();
        addresses.add(address);
        last.add("addresses", addresses);
        if (pod != null) {
            JsonObject target = new JsonObject();
            target.addProperty("kind", "Pod");
            target.addProperty("namespace", "shop");
            target.addProperty("name", pod);
            target.addProperty("uid", "uid-" + pod);
            last.add("targetRef", target);
        }
        endpoints.add(last);
        return this;
    }

    /** Sets the conditions of the endpoint that was added last; null is written as such. */
    SliceBuilder conditions(Boolean ready, Boolean serving, Boolean terminating) {
        JsonObject conditions = new JsonObject();
        conditions.addProperty("ready", ready);
        conditions.addProperty("serving", serving);
        conditions.addProperty("terminating", terminating);
        last.add("conditions", conditions);
        return this;
    }

    /** Sets something of the endpoint that was added last. */
    SliceBuilder with(String name, String value) {
        last.addProperty(name, value);
        return this;
    }

    /** Writes no list of endpoints, and none of ports, as Go does where they are empty. */
    SliceBuilder withNulls() {
        slice.add("endpoints", JsonNull.INSTANCE);
        slice.add("ports", JsonNull.INSTANCE);
        return this;
    }

    String name() {
        return metadata.get("name").getAsString();
    }

    JsonObject json() {
        return slice.deepCopy();
    }
}
