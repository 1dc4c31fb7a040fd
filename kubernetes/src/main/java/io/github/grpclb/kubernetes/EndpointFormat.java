package io.github.grpclb.kubernetes;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.IllegalValueException;
import io.github.grpclb.discovery.follow.SavedList;
import io.github.grpclb.discovery.snapshot.SnapshotFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A service's list as a file: JSON that says of which API server, namespace and service it is, and the endpoints. Those that the rules
 * do not allow now are left out. Immutable.
 */
final class EndpointFormat implements SnapshotFormat<List<Endpoint>> {

    private static final long FORMAT = 1;

    private final KubernetesOptions options;

    EndpointFormat(KubernetesOptions options) {
        this.options = options;
    }

    @Override
    public String registry() {
        return "kubernetes\0" + options.apiServer() + "\0" + options.namespace();
    }

    @Override
    public byte[] encode(String service, long asOf, List<Endpoint> endpoints) {
        JsonArray records = new JsonArray();
        for (Endpoint endpoint : endpoints) {
            JsonObject record = new JsonObject();
            record.addProperty("key", endpoint.key());
            record.addProperty("host", endpoint.host());
            record.addProperty("port", endpoint.port());
            addIfThere(record, "id", endpoint.id());
            addIfThere(record, "zone", endpoint.zone());
            addIfThere(record, SliceTable.NODE, endpoint.metadata().get(SliceTable.NODE));
            record.addProperty("draining", endpoint.state() == Endpoint.State.DRAINING);
            records.add(record);
        }
        JsonObject file = new JsonObject();
        file.addProperty("format", FORMAT);
        file.addProperty("service", service);
        file.addProperty("apiServer", options.apiServer().toString());
        file.addProperty("namespace", options.namespace());
        file.addProperty("asOf", asOf);
        file.add("endpoints", records);
        return (file + "\n").getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public SavedList<List<Endpoint>> decode(String service, byte[] text, String origin) throws IOException {
        try {
            JsonObject file = Json.parse(utf8(text));
            require("format", Json.whole(file, "format", 0, Long.MAX_VALUE), FORMAT);
            require("service", Json.text(file, "service"), service);
            require(
                    "apiServer",
                    Json.text(file, "apiServer"),
                    options.apiServer().toString());
            require("namespace", Json.text(file, "namespace"), options.namespace());
            List<Endpoint> endpoints = new ArrayList<>();
            for (JsonElement record : Json.array(file, "endpoints")) {
                Endpoint endpoint = endpoint(service, Json.asObject("endpoints", record));
                if (endpoint != null) {
                    endpoints.add(endpoint);
                }
            }
            return new SavedList<>(Json.requiredWhole(file, "asOf", 0, Long.MAX_VALUE), endpoints, origin);
        } catch (MalformedAnswerException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private @Nullable Endpoint endpoint(String service, JsonObject record) throws MalformedAnswerException {
        String host = Json.requiredText(record, "host");
        String node = Json.text(record, SliceTable.NODE);
        boolean draining = Json.flag(record, "draining", false);
        try {
            String allowed = SliceHost.of(SliceHost.typeOf(host), host, options.addresses());
            return Endpoint.builder(service, allowed, (int) Json.requiredWhole(record, "port", 1, 65535))
                    .id(Json.text(record, "id"))
                    .state(draining ? Endpoint.State.DRAINING : Endpoint.State.UP)
                    .zone(Json.text(record, "zone"))
                    .metadata(node == null ? Map.of() : Map.of(SliceTable.NODE, node))
                    .key(Json.requiredText(record, "key"))
                    .build();
        } catch (IllegalValueException e) {
            return null;
        }
    }

    private static String utf8(byte[] text) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(text)).toString();
    }

    private static void addIfThere(JsonObject record, String name, @Nullable String value) {
        if (value != null) {
            record.addProperty(name, value);
        }
    }

    private static void require(String name, @Nullable Object found, Object expected) throws MalformedAnswerException {
        if (!expected.equals(found)) {
            throw new MalformedAnswerException(name, found == null ? "none" : found, expected.toString());
        }
    }
}
