package io.github.grpclb.autoconfigure.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.grpclb.autoconfigure.properties.ConfigurationMetadata;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.autoconfigure.properties.XdsProperties;
import io.github.grpclb.autoconfigure.properties.XdsServiceProperties;
import io.github.grpclb.balancer.config.TagRule;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.Repository;
import io.github.grpclb.xds.config.BalancingPolicy;
import io.github.grpclb.xds.config.Retries;
import io.github.grpclb.xds.config.ServiceSettings;
import io.github.grpclb.xds.config.Weights;
import io.github.grpclb.xds.config.XdsOptions;
import io.grpc.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

class XdsSettingsTest {

    @Test
    void hasTheDefaultsOfTheControlPlane() {
        XdsOptions options = options(Map.of());
        assertThat(options.settings().apply("any")).isEqualTo(ServiceSettings.DEFAULT);
        assertThat(options.limits()).isEqualTo(XdsOptions.DEFAULT.limits());
        assertThat(options.streams()).isEqualTo(XdsOptions.DEFAULT.streams());
        assertThat(options.staleMax()).isEqualTo(Duration.ofMinutes(7));
    }

    /** Clients ask for whatever they like: none of it is a reason to fail. */
    @Test
    void takesWhatHoldsForAllWhereTwoServicesMayBeMeant() {
        XdsOptions options = options(Map.of(
                "grpc.lb.xds.services[user-service].timeout", "1s",
                "grpc.lb.xds.services[UserService].timeout", "2s",
                "grpc.lb.xds.timeout", "3s"));
        assertThat(options.settings().apply("user-service").timeout()).hasSeconds(1);
        assertThat(options.settings().apply("UserService").timeout()).hasSeconds(2);
        assertThat(options.settings().apply("userservice").timeout()).hasSeconds(3);
    }

    @Test
    void readsEverythingThatIsSetForAService() {
        ServiceSettings settings = settings(Map.ofEntries(
                Map.entry("policy", "least_request"),
                Map.entry("least-request.choice-count", "4"),
                Map.entry("weights", "endpoint"),
                Map.entry("prefer-zone", "false"),
                Map.entry("tags[0].key", "version"),
                Map.entry("tags[0].header", "x-version"),
                Map.entry("tags[0].fallback", "true"),
                Map.entry("tags[0].split.v2", "5"),
                Map.entry("outlier-detection.enabled", "true"),
                Map.entry("outlier-detection.interval", "3s"),
                Map.entry("max-requests", "100"),
                Map.entry("timeout", "2s"),
                Map.entry("retry.max-attempts", "3"),
                Map.entry("retry.retryable-status-codes", "UNAVAILABLE,resource-exhausted"),
                Map.entry("retry.initial-backoff", "10ms"),
                Map.entry("retry.max-backoff", "1s")));
        assertThat(settings.policy()).isEqualTo(new BalancingPolicy.LeastRequest(4));
        assertThat(settings.weights()).isEqualTo(Weights.ENDPOINT);
        assertThat(settings.preferZone()).isFalse();
        TagRule rule = settings.tags().get(0);
        assertThat(rule.key()).isEqualTo("version");
        assertThat(rule.header()).isNotNull().satisfies(header -> assertThat(header.name())
                .isEqualTo("x-version"));
        assertThat(rule.fallback()).isTrue();
        assertThat(rule.split()).isEqualTo(Map.of("v2", 5.0));
        assertThat(settings.outlierDetection()).isNotNull().satisfies(detection -> assertThat(detection.interval())
                .isEqualTo(Duration.ofSeconds(3)));
        assertThat(settings.maxRequests()).isEqualTo(100);
        assertThat(settings.timeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.retries())
                .isEqualTo(new Retries(
                        Set.of(Status.Code.UNAVAILABLE, Status.Code.RESOURCE_EXHAUSTED),
                        2,
                        Duration.ofMillis(10),
                        Duration.ofSeconds(1)));
    }

    @Test
    void readsThePoliciesOfXds() {
        assertThat(settings(Map.of("policy", "ring_hash", "ring-hash.header", "X-User"))
                        .policy())
                .isEqualTo(new BalancingPolicy.RingHash("x-user"));
        assertThat(settings(Map.of("policy", "ring_hash", "ring-hash.header", "user"))
                        .policy())
                .isEqualTo(new BalancingPolicy.RingHash("user"));
        assertThat(settings(Map.of("policy", "client_side_weighted_round_robin"))
                        .policy())
                .isEqualTo(new BalancingPolicy.ReportedLoad(Duration.ofSeconds(10), Duration.ofMinutes(3)));
        assertThat(settings(Map.of(
                                "policy",
                                "client_side_weighted_round_robin",
                                "client-side-weighted-round-robin.blackout-period",
                                "0s",
                                "client-side-weighted-round-robin.weight-expiration-period",
                                "1m"))
                        .policy())
                .isEqualTo(new BalancingPolicy.ReportedLoad(Duration.ZERO, Duration.ofMinutes(1)));
    }

    @Test
    void writesAPolicyOfGrpcLbForWhoHasIt() {
        assertThat(settings(Map.of("policy", "peak_ewma", "policy-options.peak-ewma.decay", "20s"))
                        .policy())
                .isEqualTo(new BalancingPolicy.Named(
                        "endpoint_lb", Map.of("policy", "peak_ewma", "options", Map.of("decay", "20s"))));
    }

    @Test
    void takesWhatIsSetForAllPropertyByProperty() {
        XdsOptions options = options(Map.of(
                "grpc.lb.xds.timeout",
                "5s",
                "grpc.lb.xds.retry.max-attempts",
                "4",
                "grpc.lb.xds.outlier-detection.enabled",
                "true",
                "grpc.lb.xds.services.greeter.retry.initial-backoff",
                "1s",
                "grpc.lb.xds.services.greeter.outlier-detection.enabled",
                "false"));
        ServiceSettings greeter = options.settings().apply("greeter");
        assertThat(greeter.timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(greeter.retries())
                .isEqualTo(
                        new Retries(Set.of(Status.Code.UNAVAILABLE), 3, Duration.ofSeconds(1), Duration.ofSeconds(10)));
        assertThat(greeter.outlierDetection()).isNull();
        assertThat(options.settings().apply("other").outlierDetection()).isNotNull();
    }

    /** As an environment variable names it, GRPC_LB_XDS_SERVICES_USERSERVICE_TIMEOUT. */
    @Test
    void findsAServiceThatDiffersInCapitalsAndSigns() {
        XdsOptions options = options(Map.of("grpc.lb.xds.services.userservice.timeout", "5s"));
        assertThat(options.settings().apply("user-service").timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(options.settings().apply("UserService").timeout()).isEqualTo(Duration.ofSeconds(5));
        assertThat(options.settings().apply("users").timeout()).isNull();
    }

    @Test
    void servesTheNodesThatAreNamed() {
        XdsOptions options = options(Map.of("grpc.lb.xds.allowed-nodes", "shop-*,,checkout"));
        assertThat(options.limits().nodes().ids()).isEqualTo(List.of("shop-*", "checkout"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "policy                        | weighted  | one of round_robin, least_request, ring_hash, client_side_weighted_round_robin, ",
                "least-request.choice-count    | 1         | 2 to 10",
                "ring-hash.header              | user-bin  | the name of a header whose value is text",
                "ring-hash.header              | X User    | the name of a header whose value is text",
                "ring-hash.header              | USER-BIN  | the name of a header whose value is text",
                "client-side-weighted-round-robin.blackout-period | -1s | a duration that is not negative",
                "client-side-weighted-round-robin.weight-expiration-period | 0s | a duration above 0",
                "max-requests                  | 0         | at least 1",
                "timeout                       | 0s        | a duration above 0",
                "retry.max-attempts            | 1         | 2 to 5",
                "retry.max-attempts            | 6         | 2 to 5",
                "retry.initial-backoff         | 0s        | a duration above 0",
                "retry.max-backoff             | 1ms       | not less than the first",
                "retry.retryable-status-codes  | NOT_FOUND | some of",
                "outlier-detection.interval    | 0s        | ",
                "tags[0].split.v2              | 101       | ",
                "policy-options.peak-ewma.dcay | 1s        | one of the options of the policy peak_ewma: decay",
            })
    void namesThePropertyThatDoesNotFit(String property, String value, String expected) {
        Map<String, String> fits = Map.of(
                "policy", "peak_ewma",
                "outlier-detection.enabled", "true",
                "tags[0].key", "version");
        for (String prefix : List.of("grpc.lb.xds.", "grpc.lb.xds.services.greeter.")) {
            Map<String, String> set = new TreeMap<>();
            fits.forEach((name, text) -> set.put(prefix + name, text));
            String block = property.replaceFirst("\\..*", "");
            if (List.of("least-request", "ring-hash", "client-side-weighted-round-robin")
                    .contains(block)) {
                set.put(prefix + "policy", block.replace('-', '_'));
            }
            set.put(prefix + property, value);
            assertThatThrownBy(() -> options(set)).isInstanceOfSatisfying(InvalidPropertyException.class, refused -> {
                assertThat(refused.property()).isEqualTo(prefix + property);
                if (expected != null) {
                    assertThat(refused.expected()).contains(expected);
                }
            });
        }
    }

    @Test
    void wantsAHeaderForRingHash() {
        assertThatThrownBy(() -> settings(Map.of("policy", "ring_hash")))
                .isInstanceOfSatisfying(InvalidPropertyException.class, refused -> assertThat(refused.property())
                        .isEqualTo("grpc.lb.xds.services.greeter.ring-hash.header"));
    }

    @Test
    void refusesWeightsWhereThePolicyCannotHeedThem() {
        assertThatThrownBy(() -> settings(Map.of("policy", "least_request", "weights", "locality")))
                .isInstanceOfSatisfying(InvalidPropertyException.class, refused -> assertThat(refused.property())
                        .isEqualTo("grpc.lb.xds.services.greeter.weights"));
    }

    @Test
    void asksForLoadReportsWhereTheyAreWanted() {
        assertThat(options(Map.of()).loadReportInterval()).isNull();
        assertThat(options(Map.of("grpc.lb.xds.load-report-interval", "10s")).loadReportInterval())
                .isEqualTo(Duration.ofSeconds(10));
    }

    @ParameterizedTest
    @CsvSource({"max-streams, 0", "max-resources-per-stream, 0", "load-report-interval, 999ms"})
    void refusesLimitsOutOfRange(String property, String value) {
        assertThatThrownBy(() -> options(Map.of("grpc.lb.xds." + property, value)))
                .isInstanceOfSatisfying(InvalidPropertyException.class, refused -> assertThat(refused.property())
                        .isEqualTo("grpc.lb.xds." + property));
    }

    @Test
    void keepsTheTokenOutOfTexts() {
        XdsProperties properties = new Binder(new MapConfigurationPropertySource(Map.of("grpc.lb.xds.token", "canary")))
                .bindOrCreate("grpc.lb.xds", XdsProperties.class);
        assertThat(properties.token()).isEqualTo("canary");
        assertThat(properties.toString()).doesNotContain("canary").contains("port=18000");
    }

    /** Set to its default, a property changes nothing. */
    @Test
    void hasTheDefaultsThatAreShown() {
        Map<String, String> defaults = new TreeMap<>();
        for (JsonObject property : ConfigurationMetadata.properties()) {
            String name = property.get("name").getAsString();
            if (name.startsWith("grpc.lb.xds.") && property.has("defaultValue")) {
                JsonElement value = property.get("defaultValue");
                defaults.put(
                        name,
                        value.isJsonArray() ? value.getAsJsonArray().get(0).getAsString() : value.getAsString());
            }
        }
        assertThat(defaults).hasSizeGreaterThan(20);
        Map<String, String> switches = Map.of(
                "grpc.lb.xds.outlier-detection.enabled", "true",
                "grpc.lb.xds.outlier-detection.success-rate-ejection.minimum-hosts", "5",
                "grpc.lb.xds.outlier-detection.failure-percentage-ejection.minimum-hosts", "5",
                "grpc.lb.xds.retry.max-attempts", "2");
        for (String policy : List.of("round_robin", "least_request", "client_side_weighted_round_robin")) {
            defaults.forEach((name, value) -> {
                Map<String, String> unset = new TreeMap<>(switches);
                unset.put("grpc.lb.xds.policy", policy);
                Map<String, String> set = new TreeMap<>(unset);
                set.putIfAbsent(name, value);
                assertThat(options(set).settings().apply("any"))
                        .as(name)
                        .isEqualTo(options(unset).settings().apply("any"));
            });
        }
    }

    @Test
    void takesWhatTheDocumentationSays() throws IOException {
        Matcher block =
                Pattern.compile("(?s)```yaml\\n(.*?)```").matcher(Files.readString(Repository.file("docs/xds.md")));
        int taken = 0;
        while (block.find()) {
            StandardEnvironment environment = new StandardEnvironment();
            new YamlPropertySourceLoader()
                    .load("block", new ByteArrayResource(block.group(1).getBytes(StandardCharsets.UTF_8)))
                    .forEach(environment.getPropertySources()::addFirst);
            assertThat(options(Binder.get(environment)).settings().apply("greeter"))
                    .isNotNull();
            taken++;
        }
        assertThat(taken).isGreaterThan(2);
    }

    private static ServiceSettings settings(Map<String, String> ofGreeter) {
        Map<String, String> set = new TreeMap<>();
        ofGreeter.forEach((name, value) -> set.put("grpc.lb.xds.services.greeter." + name, value));
        return options(set).settings().apply("greeter");
    }

    private static XdsOptions options(Map<String, String> set) {
        return options(new Binder(new MapConfigurationPropertySource(set)));
    }

    private static XdsOptions options(Binder binder) {
        return new XdsSettings(
                        binder.bindOrCreate("grpc.lb.xds", XdsProperties.class),
                        binder.bindOrCreate("grpc.lb.xds", XdsServiceProperties.class),
                        Duration.ofMinutes(7),
                        Policies.with(List.of()))
                .options();
    }
}
