package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.grpclb.balancer.policy.Policies;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** What an IDE is told of the properties. */
class ConfigurationMetadataTest {

    @Test
    void describesEveryProperty() throws IOException {
        List<JsonObject> properties = objects(metadata().getAsJsonArray("properties"));
        assertThat(properties).hasSizeGreaterThan(20).allSatisfy(property -> assertThat(
                        property.get("description").getAsString())
                .matches("(?s)[A-Z].*\\."));
    }

    @Test
    void promisesNothingOfWhatIsOffUntilItIsConfigured() throws IOException {
        assertThat(objects(metadata().getAsJsonArray("properties")))
                .filteredOn(property -> property.get("name")
                        .getAsString()
                        .matches("grpc\\.lb\\.(health-check|outlier-detection|slow-start)\\.enabled"))
                .hasSize(3)
                .allSatisfy(property -> assertThat(property.has("defaultValue")).isFalse());
    }

    @Test
    void hintsAtEveryBuiltInPolicy() throws IOException {
        JsonObject hint = objects(metadata().getAsJsonArray("hints")).stream()
                .filter(it -> it.get("name").getAsString().equals("grpc.lb.policy"))
                .findFirst()
                .orElseThrow();
        assertThat(objects(hint.getAsJsonArray("values")))
                .extracting(value -> value.get("value").getAsString())
                .containsExactlyInAnyOrderElementsOf(
                        Policies.forChannel(List.of()).names());
    }

    private static List<JsonObject> objects(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .toList();
    }

    private static JsonObject metadata() throws IOException {
        try (Reader reader = new InputStreamReader(
                Objects.requireNonNull(
                        GrpcLbProperties.class.getResourceAsStream("/META-INF/spring-configuration-metadata.json")),
                StandardCharsets.UTF_8)) {
            return JsonParser.parseReader(reader).getAsJsonObject();
        }
    }
}
