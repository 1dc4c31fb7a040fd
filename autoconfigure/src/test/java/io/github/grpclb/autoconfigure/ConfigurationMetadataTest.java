package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.ConfigurationMetadata;
import io.github.grpclb.autoconfigure.properties.RecordJson;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What an IDE is told of the properties. */
class ConfigurationMetadataTest {

    /** What is absent unless it is set, or on as soon as a neighbour is set. */
    private static final Set<String> WITHOUT_DEFAULT = Set.of(
            "clients",
            "policy-options",
            "static",
            "tags",
            "subset-size",
            "zone.enabled",
            "zone.own",
            "server-id.header",
            "consistent-hash.header",
            "health-check.enabled",
            "health-check.service-name",
            "outlier-detection.enabled",
            "slow-start.enabled",
            "snapshot.directory",
            "etcd.allowed-cidrs",
            "etcd.allowed-host-suffixes",
            "etcd.username",
            "etcd.password",
            "etcd.ssl.bundle",
            "kubernetes.api-server",
            "kubernetes.ca-file",
            "kubernetes.namespace",
            "kubernetes.token-file",
            "registration.service",
            "registration.services",
            "registration.server",
            "registration.id",
            "registration.host",
            "registration.preferred-networks",
            "registration.port",
            "registration.zone",
            "registration.termination-grace",
            "registration.version",
            "registration.metadata",
            "xds.allowed-nodes",
            "xds.load-report-interval",
            "xds.max-requests",
            "xds.outlier-detection.enabled",
            "xds.policy-options",
            "xds.retry.max-backoff",
            "xds.ring-hash.header",
            "xds.services",
            "xds.ssl.bundle",
            "xds.tags",
            "xds.timeout",
            "xds.token",
            "xds.weights");

    @Test
    void describesEveryProperty() {
        List<JsonObject> properties = ConfigurationMetadata.properties();
        assertThat(properties).hasSizeGreaterThan(20).allSatisfy(property -> assertThat(
                        property.get("description").getAsString())
                .matches("(?s)[A-Z].*\\."));
    }

    @Test
    void promisesNothingOfWhatIsOffUntilItIsConfigured() {
        assertThat(ConfigurationMetadata.properties())
                .filteredOn(property -> property.get("name")
                        .getAsString()
                        .matches("grpc\\.lb\\.(health-check|outlier-detection|slow-start|zone)\\.enabled"))
                .hasSize(4)
                .allSatisfy(property -> assertThat(property.has("defaultValue")).isFalse());
    }

    @Test
    void hintsAtEveryBuiltInPolicy() {
        JsonObject hint = ConfigurationMetadata.hints().stream()
                .filter(it -> it.get("name").getAsString().equals("grpc.lb.policy"))
                .findFirst()
                .orElseThrow();
        assertThat(objects(hint.getAsJsonArray("values")))
                .extracting(value -> value.get("value").getAsString())
                .containsExactlyInAnyOrderElementsOf(Policies.with(List.of()).names());
    }

    /** What is not named here has a default that an IDE shows. */
    @Test
    void showsEveryDefault() {
        assertThat(ConfigurationMetadata.properties())
                .filteredOn(property -> !property.has("defaultValue"))
                .extracting(property -> property.get("name").getAsString())
                .filteredOn(name -> name.startsWith("grpc.lb."))
                .allMatch(name -> WITHOUT_DEFAULT.contains(name.substring("grpc.lb.".length())));
    }

    /** Set to its default, a property changes nothing. */
    @TestFactory
    Stream<DynamicTest> showsTheDefaultsThatHold() {
        Map<String, String> defaults = new TreeMap<>();
        ConfigurationMetadata.properties().stream()
                .filter(property -> property.has("defaultValue"))
                .forEach(property -> defaults.put(
                        property.get("name").getAsString(),
                        property.get("defaultValue").getAsString()));
        return defaults.keySet().stream()
                .filter(ConfigurationMetadataTest::isOfAClient)
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    Map<String, String> others = others(name, defaults);
                    Map<String, String> with = new TreeMap<>(others);
                    with.put(name, defaults.get(name));
                    ClientServiceConfig configured = config(with);
                    ClientServiceConfig unset = config(others);
                    assertThat(balancer(configured)).isEqualTo(balancer(unset));
                    assertThat(policy(configured))
                            .usingRecursiveComparison()
                            .ignoringFields("turns", "chance")
                            .isEqualTo(policy(unset));
                }));
    }

    @Test
    void hintsAtEveryValueOfAnEnumeration() {
        List<String> hinted = ConfigurationMetadata.hints().stream()
                .map(hint -> hint.get("name").getAsString())
                .toList();
        for (JsonObject property : ConfigurationMetadata.properties()) {
            Class<?> type = classOrNull(property.get("type").getAsString());
            String name = property.get("name").getAsString();
            if (type != null && type.isEnum() && name.startsWith("grpc.lb.")) {
                assertThat(hinted).contains(name);
                assertThat(values(name))
                        .containsExactlyInAnyOrderElementsOf(Stream.of(type.getEnumConstants())
                                .map(value -> value.toString().toLowerCase(Locale.ROOT))
                                .toList());
            }
        }
    }

    /** Of the rows that name one property and one default, on any page. */
    @Test
    void theDocumentationNamesTheSameDefaults() throws IOException {
        Map<String, String> defaults = new TreeMap<>();
        ConfigurationMetadata.properties().forEach(property -> {
            if (property.has("defaultValue")) {
                JsonElement value = property.get("defaultValue");
                defaults.put(
                        property.get("name").getAsString(),
                        value.isJsonArray() ? value.getAsJsonArray().get(0).getAsString() : value.getAsString());
            }
        });
        int compared = 0;
        for (Path page : Repository.documentation()) {
            Matcher row = Pattern.compile("(?m)^\\| `(?:grpc\\.lb\\.)?([a-z.-]+)` \\| `([^`]+)` \\|")
                    .matcher(Files.readString(page));
            while (row.find()) {
                String name = "grpc.lb." + row.group(1);
                if (defaults.containsKey(name)) {
                    assertThat(row.group(2))
                            .as("%s: %s", page.getFileName(), name)
                            .isIn(defaults.get(name), defaults.get(name).replaceFirst("\\.0$", ""));
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(40);
    }

    /** To write it anew: {@code mvn -pl autoconfigure test -Dtest=ConfigurationMetadataTest -Dgrpclb.docs.write=true}. */
    @Test
    void theConfigurationPageIsCurrent() throws IOException {
        Path page = Repository.file("docs/configuration.md");
        String current = Files.readString(page);
        String generated = new ConfigurationPage(ConfigurationMetadata.read()).update(current);
        if (Boolean.getBoolean("grpclb.docs.write")) {
            Files.writeString(page, generated);
        } else {
            assertThat(current)
                    .as("docs/configuration.md; -Dgrpclb.docs.write=true writes it")
                    .isEqualTo(generated);
        }
    }

    private static List<String> values(String hint) {
        return ConfigurationMetadata.hints().stream()
                .filter(it -> it.get("name").getAsString().equals(hint))
                .flatMap(it -> objects(it.getAsJsonArray("values")).stream())
                .map(value -> value.get("value").getAsString())
                .toList();
    }

    private static Class<?> classOrNull(String name) {
        try {
            return Class.forName(name);
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    private static boolean isOfAClient(String name) {
        return Stream.of(ClientProperties.class.getRecordComponents())
                .map(component -> "grpc.lb." + RecordJson.propertyName(component.getName()))
                .anyMatch(block -> name.equals(block) || name.startsWith(block + "."));
    }

    /** Returns what the property's block needs to be there, without the property itself. */
    private static Map<String, String> others(String name, Map<String, String> defaults) {
        String block = name.substring(0, name.lastIndexOf('.'));
        Map<String, String> others = new TreeMap<>();
        if (!block.equals("grpc.lb")) {
            defaults.forEach((other, value) -> {
                if (other.startsWith(block + ".") && !other.equals(name)) {
                    others.put(other, value);
                }
            });
        }
        switch (name.split("\\.")[2]) {
            case "zone" -> others.put("grpc.lb.zone.own", "z1");
            case "outlier-detection" -> others.put("grpc.lb.outlier-detection.enabled", "true");
            case "slow-start" -> others.put("grpc.lb.slow-start.enabled", "true");
            default -> {
                String policy = name.split("\\.")[2].replace('-', '_');
                if (Policies.with(List.of()).names().contains(policy)) {
                    others.put("grpc.lb.policy", policy);
                }
            }
        }
        return others;
    }

    private static ClientServiceConfig config(Map<String, String> properties) {
        ClientProperties bound = new Binder(new MapConfigurationPropertySource(properties))
                .bindOrCreate("grpc.lb", Bindable.of(ClientProperties.class));
        return new ClientServiceConfig("grpc.lb.", bound, bound, Policies.with(List.of()));
    }

    private static LbConfig balancer(ClientServiceConfig config) {
        LbConfig parsed = LbConfig.parse(config.toJson());
        // the options are those of the policy, which is compared by itself
        return new LbConfig(
                parsed.policy(),
                Map.of(),
                parsed.serverIdMode(),
                parsed.serverIdHeader(),
                parsed.outlierDetection(),
                parsed.tags(),
                parsed.zone(),
                parsed.panicThreshold(),
                parsed.slowStart(),
                parsed.healthCheck(),
                parsed.subsetSize());
    }

    private static Policy policy(ClientServiceConfig config) {
        LbConfig parsed = LbConfig.parse(config.toJson());
        return Policies.with(List.of()).create(parsed.policy(), parsed.options());
    }

    private static List<JsonObject> objects(JsonArray array) {
        return StreamSupport.stream(array.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .toList();
    }
}
