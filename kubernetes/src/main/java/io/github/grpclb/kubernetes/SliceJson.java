package io.github.grpclb.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the JSON of the API server. What is not used is not looked at; what is used has to be of its type. */
final class SliceJson {

    private static final int HIGHEST_PORT = 65535;

    private SliceJson() {}

    /**
     * A page of a list.
     *
     * @param version of the whole list
     * @param next the token for the next page; null where this is the last one
     * @param slices those that could be read
     * @param unreadable why others could not
     */
    record Page(String version, @Nullable String next, List<EndpointSlice> slices, List<String> unreadable) {}

    /**
     * A page of a list of several Services' slices.
     *
     * @param next the token for the next page; null where this is the last one
     * @param slices those that could be read and belong to a Service
     */
    record ServicesPage(@Nullable String next, List<OfService> slices) {}

    /**
     * A slice and its owner.
     *
     * @param service the Service's name
     */
    record OfService(String service, EndpointSlice slice) {}

    /** A line of a watch. */
    sealed interface Event {

        /** Says that all changes up to a version have been told. */
        sealed interface Progress extends Event {

            String version();
        }

        /** A slice is there, or has changed. */
        record Put(String version, EndpointSlice slice) implements Progress {}

        /** A slice is gone. */
        record Delete(String version, String name) implements Progress {}

        /** Nothing has changed. */
        record Bookmark(String version) implements Progress {}

        /** The watch ends with an error. */
        record Failed(ApiError error) implements Event {}
    }

    static Page page(String text) throws MalformedAnswerException {
        JsonObject list = Json.parse(text);
        JsonObject metadata = Json.requiredObject(list, "metadata");
        List<EndpointSlice> slices = new ArrayList<>();
        List<String> unreadable = new ArrayList<>();
        for (JsonElement item : Json.array(list, "items")) {
            try {
                slices.add(slice(Json.asObject("items", item)));
            } catch (MalformedAnswerException e) {
                unreadable.add(String.valueOf(e.getMessage()));
            }
        }
        return new Page(
                Json.requiredText(metadata, "resourceVersion"), Json.text(metadata, "continue"), slices, unreadable);
    }

    static ServicesPage servicesPage(String text) throws MalformedAnswerException {
        JsonObject list = Json.parse(text);
        List<OfService> slices = new ArrayList<>();
        for (JsonElement item : Json.array(list, "items")) {
            try {
                JsonObject slice = Json.asObject("items", item);
                JsonObject labels = Json.object(Json.requiredObject(slice, "metadata"), "labels");
                String service = labels == null ? null : Json.text(labels, "kubernetes.io/service-name");
                if (service != null) {
                    slices.add(new OfService(service, slice(slice)));
                }
            } catch (MalformedAnswerException e) {
                // who follows that Service says so
            }
        }
        return new ServicesPage(Json.text(Json.requiredObject(list, "metadata"), "continue"), slices);
    }

    static Event event(String line) throws MalformedAnswerException {
        JsonObject event = Json.parse(line);
        String type = Json.requiredText(event, "type");
        JsonObject object = Json.requiredObject(event, "object");
        return switch (type) {
            case "ADDED", "MODIFIED" -> new Event.Put(version(object), slice(object));
            case "DELETED" -> new Event.Delete(version(object), name(object));
            case "BOOKMARK" -> new Event.Bookmark(version(object));
            case "ERROR" -> new Event.Failed(error(object, 500));
            default -> throw new MalformedAnswerException("type", type, "ADDED, MODIFIED, DELETED, BOOKMARK or ERROR");
        };
    }

    /**
     * Reads what an answer with an error's status says; that of a proxy in between may be anything.
     *
     * @param retryAfter what its header says; null where it has none
     */
    static ApiError error(int code, String body, @Nullable Duration retryAfter) {
        try {
            ApiError error = error(Json.parse(body), code);
            return new ApiError(code, error.message(), retryAfter != null ? retryAfter : error.retryAfter());
        } catch (MalformedAnswerException e) {
            return new ApiError(code, body.strip(), retryAfter);
        }
    }

    private static ApiError error(JsonObject status, int otherwise) throws MalformedAnswerException {
        Long code = Json.whole(status, "code", 0, 999);
        String message = Json.text(status, "message");
        JsonObject details = Json.object(status, "details");
        Long seconds = details == null ? null : Json.whole(details, "retryAfterSeconds", 0, Integer.MAX_VALUE);
        return new ApiError(
                code == null ? otherwise : code.intValue(),
                message == null ? "" : message,
                seconds == null || seconds == 0 ? null : Duration.ofSeconds(seconds));
    }

    private static EndpointSlice slice(JsonObject slice) throws MalformedAnswerException {
        List<EndpointSlice.Port> ports = new ArrayList<>();
        for (JsonElement port : Json.array(slice, "ports")) {
            ports.add(port(Json.asObject("ports", port)));
        }
        List<EndpointSlice.Member> members = new ArrayList<>();
        for (JsonElement endpoint : Json.array(slice, "endpoints")) {
            members.add(member(Json.asObject("endpoints", endpoint)));
        }
        return new EndpointSlice(name(slice), Json.requiredText(slice, "addressType"), ports, members);
    }

    private static EndpointSlice.Port port(JsonObject port) throws MalformedAnswerException {
        String protocol = Json.text(port, "protocol");
        String name = Json.text(port, "name");
        Long number = Json.whole(port, "port", 1, HIGHEST_PORT);
        return new EndpointSlice.Port(
                name == null ? "" : name,
                protocol == null || protocol.equals("TCP"),
                number == null ? null : number.intValue());
    }

    private static EndpointSlice.Member member(JsonObject endpoint) throws MalformedAnswerException {
        JsonArray addresses = Json.array(endpoint, "addresses");
        if (addresses.isEmpty()) {
            throw new MalformedAnswerException("addresses", addresses, "one at least");
        }
        JsonObject found = Json.object(endpoint, "conditions");
        JsonObject conditions = found == null ? new JsonObject() : found;
        boolean ready = Json.flag(conditions, "ready", true);
        JsonObject target = Json.object(endpoint, "targetRef");
        return new EndpointSlice.Member(
                Json.asText("addresses", addresses.get(0)),
                target == null ? null : nameOf(target),
                target != null && "Pod".equals(Json.text(target, "kind"))
                        ? Json.requiredText(target, "name")
                        : Json.text(endpoint, "hostname"),
                Json.text(endpoint, "nodeName"),
                Json.text(endpoint, "zone"),
                ready,
                Json.flag(conditions, "serving", ready),
                Json.flag(conditions, "terminating", false));
    }

    private static String nameOf(JsonObject target) throws MalformedAnswerException {
        return Json.text(target, "kind") + "/" + Json.text(target, "namespace") + "/" + Json.text(target, "name");
    }

    private static String name(JsonObject slice) throws MalformedAnswerException {
        return Json.requiredText(Json.requiredObject(slice, "metadata"), "name");
    }

    private static String version(JsonObject slice) throws MalformedAnswerException {
        return Json.requiredText(Json.requiredObject(slice, "metadata"), "resourceVersion");
    }
}
