package io.github.grpclb.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.Gson;
import com.google.gson.JsonParser;
import io.github.grpclb.autoconfigure.properties.ClientProperties;
import io.github.grpclb.autoconfigure.properties.InvalidPropertyException;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.FaultRow;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ClientServiceConfigTest {

    @Test
    void saysNothingButThePolicyWhereNothingIsSet() {
        assertJson(config(Map.of(), Map.of()), """
                {"policy": "round_robin", "options": {}}""");
    }

    @Test
    void saysEverythingThatIsSetAsGrpcWantsIt() {
        ClientServiceConfig config = config(
                Map.ofEntries(
                        Map.entry("policy", "consistent_hash"),
                        Map.entry("consistent-hash.header", "x-user"),
                        Map.entry("consistent-hash.algorithm", "maglev"),
                        Map.entry("server-id.header", ""),
                        Map.entry("least-request.choice-count", "3"),
                        Map.entry("server-id.mode", "fallback"),
                        Map.entry("outlier-detection.interval", "50ms"),
                        Map.entry("outlier-detection.failure-percentage-ejection.threshold", "50"),
                        Map.entry("tags[0].key", "version"),
                        Map.entry("tags[0].header", "x-version"),
                        Map.entry("tags[0].split.v2", "5"),
                        Map.entry("zone.own", "z1"),
                        Map.entry("panic-threshold", "30"),
                        Map.entry("slow-start.window", "100ms")),
                Map.of());
        assertJson(config, """
                {"policy": "consistent_hash",
                 "options": {"algorithm": "maglev", "header": "x-user"},
                 "serverId": {"mode": "fallback"},
                 "outlierDetection": {"interval": "PT0.05S", "failurePercentageEjection": {"threshold": 50.0}},
                 "tags": [{"key": "version", "header": "x-version", "split": {"v2": 5.0}}],
                 "zone": {"own": "z1"},
                 "panicThreshold": 30.0,
                 "slowStart": {"window": "PT0.1S"}}""");
    }

    @Test
    void aClientsOwnSettingsGoBeforeThoseOfAll() {
        ClientServiceConfig config = config(
                Map.of("policy", "random", "outlier-detection.enabled", "false"),
                Map.of("policy", "pick_first", "outlier-detection.interval", "1s", "panic-threshold", "10"));
        assertJson(config, """
                {"policy": "random", "options": {}, "panicThreshold": 10.0}""");
    }

    @Test
    void whatAClientLeavesOutOfABlockIsAsForAllClients() {
        ClientServiceConfig config = config(
                Map.of(
                        "consistent-hash.algorithm",
                        "maglev",
                        "health-check.service-name",
                        "greeter",
                        "outlier-detection.interval",
                        "1s"),
                Map.of(
                        "policy",
                        "consistent_hash",
                        "consistent-hash.header",
                        "x-user",
                        "consistent-hash.algorithm",
                        "ring",
                        "outlier-detection.failure-percentage-ejection.threshold",
                        "50",
                        "slow-start.enabled",
                        "false",
                        "slow-start.window",
                        "1s"));
        assertJson(config, """
                {"policy": "consistent_hash",
                 "options": {"algorithm": "maglev", "header": "x-user"},
                 "outlierDetection": {"interval": "PT1S", "failurePercentageEjection": {"threshold": 50.0}},
                 "healthCheck": {"serviceName": "greeter"}}""");
    }

    @Test
    void namesThePropertyOfAllClientsInABlockThatAClientHasToo() {
        assertRefused(
                config(Map.of("zone.own", "z1"), Map.of("zone.overprovisioning-factor", "0.5")),
                "grpc.lb.zone.overprovisioning-factor",
                "0.5",
                "1");
    }

    @Test
    void healthCheckingAndSubsettingAreTheBalancersOwn() {
        ClientServiceConfig config = config(Map.of("subset-size", "20", "health-check.enabled", "true"), Map.of());
        assertJson(config, """
                {"policy": "round_robin", "options": {}, "healthCheck": {}, "subsetSize": 20.0}""");
        assertThat(config.balancer().healthCheck()).isEmpty();
        assertThat(config.balancer().subsetSize()).isEqualTo(20);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "null", textBlock = """
            policy=x                                              | policy                                   | x     | one of
            panic-threshold=101                                   | panic-threshold                          | 101.0 | 0 to 100
            zone.overprovisioning-factor=2                        | zone.own                                 | null  | zone
            slow-start.window=1ns                                 | slow-start.window                        | PT0.000000001S | a duration
            outlier-detection.success-rate-ejection.minimum-hosts=0 | outlier-detection.success-rate-ejection.minimum-hosts | 0.0 | a whole number
            tags[0].header=x-version                              | tags[0].key                              | null  | a metadata key
            server-id.header=x-id-bin                             | server-id.header                         | x-id-bin | -bin
            min-ready-endpoints=-1                                | min-ready-endpoints                      | -1    | 0 or more
            subset-size=0                                         | subset-size                              | 0     | 1 or more
            """)
    @FaultRow(49)
    void namesThePropertyOfWhatTheBalancerWouldRefuse(String property, String name, String value, String expected) {
        int equals = property.indexOf('=');
        Map<String, String> set = Map.of(property.substring(0, equals), property.substring(equals + 1));
        assertRefused(config(set, Map.of()), "grpc.lb.clients.greeter." + name, value, expected);
        assertRefused(config(Map.of(), set), "grpc.lb." + name, value, expected);
    }

    @Test
    @FaultRow(49)
    void refusesToNeedMoreServersThanItConnectsTo() {
        assertRefused(
                config(Map.of("min-ready-endpoints", "3"), Map.of("subset-size", "2")),
                "grpc.lb.clients.greeter.min-ready-endpoints",
                "3",
                "0 to grpc.lb.subset-size, which is 2");
        ClientServiceConfig enough = config(Map.of("min-ready-endpoints", "2"), Map.of("subset-size", "2"));
        enough.requireValid();
        assertThat(enough.minReadyEndpoints()).isEqualTo(2);
        assertThat(enough.toJson()).doesNotContainKey("minReadyEndpoints");
        assertThat(config(Map.of("min-ready-endpoints", "0"), Map.of("min-ready-endpoints", "2"))
                        .minReadyEndpoints())
                .isZero();
    }

    @Test
    @FaultRow(49)
    void namesThePropertyOfAPolicysOption() {
        assertRefused(
                config(Map.of("policy", "least_request"), Map.of("least-request.choice-count", "11")),
                "grpc.lb.least-request.choice-count",
                "11.0",
                "2 to 10");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:b", "a: b", "a: 'b' (expected: c)"})
    void namesTheSplitWhateverItsValueIs(String value) {
        ClientProperties client = new Binder(new MapConfigurationPropertySource(
                        Map.of("grpc.lb.tags[0].key", "v", "grpc.lb.tags[0].split[" + value + "]", "101")))
                .bindOrCreate("grpc.lb", ClientProperties.class);
        assertThatThrownBy(() -> new ClientServiceConfig("grpc.lb.clients.c.", client, client, Policies.with(List.of()))
                        .requireValid())
                .isInstanceOfSatisfying(InvalidPropertyException.class, e -> {
                    assertThat(e.property()).isEqualTo("grpc.lb.clients.c.tags[0].split." + value);
                    assertThat(e.value()).isEqualTo("101.0");
                    assertThat(e.expected()).isEqualTo("a number from 0.0 to 100.0");
                });
    }

    private static void assertRefused(ClientServiceConfig config, String property, String value, String expected) {
        assertThatExceptionOfType(InvalidPropertyException.class)
                .isThrownBy(() -> config.requireValid())
                .satisfies(e -> {
                    assertThat(e.property()).isEqualTo(property);
                    assertThat(e.value()).isEqualTo(value);
                    assertThat(e.expected()).contains(expected);
                });
    }

    private static void assertJson(ClientServiceConfig config, String expected) {
        config.requireValid();
        assertThat(new Gson().toJsonTree(config.toJson())).isEqualTo(JsonParser.parseString(expected));
    }

    private static ClientServiceConfig config(Map<String, String> own, Map<String, String> all) {
        return new ClientServiceConfig(
                "grpc.lb.clients.greeter.",
                bind(own),
                bind(all),
                Policies.with(List.of(), List.of(new NearestFactory())));
    }

    private static ClientProperties bind(Map<String, String> properties) {
        return new Binder(new MapConfigurationPropertySource(properties)).bindOrCreate("", ClientProperties.class);
    }
}
