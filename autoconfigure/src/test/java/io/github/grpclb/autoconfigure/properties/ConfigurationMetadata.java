package io.github.grpclb.autoconfigure.properties;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** What the build writes for an IDE of the properties. */
public final class ConfigurationMetadata {

    private ConfigurationMetadata() {}

    public static List<JsonObject> properties() {
        return objects("properties");
    }

    public static List<JsonObject> hints() {
        return objects("hints");
    }

    public static JsonObject read() {
        try (Reader reader = new InputStreamReader(
                Objects.requireNonNull(
                        GrpcLbProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")),
                StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(reader).getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<JsonObject> objects(String name) {
        return read().getAsJsonArray(name).asList().stream()
                .map(JsonElement::getAsJsonObject)
                .toList();
    }
}
