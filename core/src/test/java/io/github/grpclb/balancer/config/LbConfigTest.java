package io.github.grpclb.balancer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.balancer.config.LbConfig.ServerIdMode;
import io.github.grpclb.discovery.IllegalValueException;
import io.grpc.Metadata;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LbConfigTest {

    @Test
    void isTheDefaultWhereNothingIsSaid() {
        assertThat(LbConfig.parse(Map.of())).isEqualTo(LbConfig.DEFAULT);
        assertThat(LbConfig.DEFAULT.policy()).isEqualTo("round_robin");
        assertThat(LbConfig.DEFAULT.serverIdMode()).isEqualTo(ServerIdMode.STRICT);
    }

    @Test
    void readsAllFields() {
        LbConfig config = LbConfig.parse(Map.of(
                "policy",
                "weighted_random",
                "options",
                Map.of("choiceCount", 2),
                "serverId",
                Map.of("mode", "fallback", "header", "X-Server-Id")));
        assertThat(config.policy()).isEqualTo("weighted_random");
        assertThat(config.options()).isEqualTo(Map.of("choiceCount", 2));
        assertThat(config.serverIdMode()).isEqualTo(ServerIdMode.FALLBACK);
        assertThat(config.serverIdHeader().name()).isEqualTo("x-server-id");
    }

    @Test
    void refusesFieldsThatItDoesNotKnow() {
        assertThatThrownBy(() -> LbConfig.parse(Map.of("zonne", Map.of("own", "a"))))
                .isInstanceOfSatisfying(IllegalValueException.class, e -> {
                    assertThat(e.name()).isEqualTo("zonne");
                    assertThat(e.expected()).contains("outlierDetection, ").endsWith("; did you mean zone?");
                });
        assertRefused(
                Map.of("zone", Map.of("own", "a", "spare", 2)),
                "zone.spare: 2 (expected: one of the fields overprovisioningFactor, own)");
        assertRefused(
                Map.of("tags", List.of(Map.of("key", "version"), Map.of("key", "zone", "fallBack", true))),
                "tags[1].fallBack: true (expected: one of the fields fallback, header, key, split; did you mean fallback?)");
        assertThatThrownBy(() -> LbConfig.parse(
                        Map.of("outlierDetection", Map.of("successRateEjection", Map.of("minimumHost", 3)))))
                .hasMessageStartingWith("outlierDetection.successRateEjection.minimumHost: 3 ")
                .hasMessageEndingWith("did you mean minimumHosts?)");
        assertThatThrownBy(() -> LbConfig.parse(Map.of("serverId", Map.of("headr", "x"))))
                .hasMessageStartingWith("serverId.headr: 'x' ");
    }

    @Test
    void leavesOptionsToTheirPolicy() {
        assertThat(LbConfig.parse(Map.of("options", Map.of("any", 1))).options())
                .isEqualTo(Map.of("any", 1));
    }

    @Test
    void isEqualWhereTheFieldsAre() {
        Map<String, ?> raw = Map.of("serverId", Map.of("header", "x-server-id"));
        assertThat(LbConfig.parse(raw)).isEqualTo(LbConfig.parse(raw));
    }

    @Test
    void namesFieldValueAndExpectationOfWhatIsWrong() {
        assertRefused(Map.of("policy", 3), "policy: 3 (expected: the name of a policy)");
        assertRefused(Map.of("policy", " "), "policy: ' ' (expected: the name of a policy)");
        assertRefused(Map.of("options", "fast"), "options: 'fast' (expected: an object)");
        assertRefused(Map.of("options", Map.of(1, 2)), "options: {1=2} (expected: an object)");
        assertRefused(
                Map.of("serverId", Map.of("mode", "loose")),
                "serverId.mode: 'loose' (expected: 'strict' or 'fallback')");
        assertRefused(
                Map.of("serverId", Map.of("header", "x id")),
                "serverId.header: 'x id' (expected: a gRPC header's name that does not end in -bin)");
    }

    @Test
    void leavesOutEveryStepThatIsNotNamedButPanic() {
        assertThat(LbConfig.DEFAULT.outlierDetection()).isNull();
        assertThat(LbConfig.DEFAULT.tags()).isEmpty();
        assertThat(LbConfig.DEFAULT.zone()).isNull();
        assertThat(LbConfig.DEFAULT.slowStart()).isNull();
        assertThat(LbConfig.DEFAULT.panicThreshold()).isEqualTo(50);
    }

    @Test
    void hasTheDefaultsOfGrpcForTheDetectionOfOutliers() {
        assertThat(LbConfig.parse(Map.of("outlierDetection", Map.of())).outlierDetection())
                .isEqualTo(new OutlierDetection(
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(30),
                        Duration.ofSeconds(300),
                        10,
                        new OutlierDetection.SuccessRate(1900, 100, 5, 100),
                        new OutlierDetection.FailurePercentage(85, 100, 5, 50)));
        OutlierDetection named = LbConfig.parse(Map.of(
                        "outlierDetection",
                        Map.of("interval", "0.05s", "failurePercentageEjection", Map.of("threshold", 50.0))))
                .outlierDetection();
        assertThat(named.interval()).isEqualTo(Duration.ofMillis(50));
        assertThat(named.successRate()).isNull();
        assertThat(named.failurePercentage()).isEqualTo(new OutlierDetection.FailurePercentage(50, 100, 5, 50));
    }

    @Test
    void readsTheSteps() {
        LbConfig config = LbConfig.parse(Map.of(
                "tags",
                List.of(Map.of("key", "version", "header", "X-Version", "fallback", true, "split", Map.of("v2", 5))),
                "zone",
                Map.of("own", "a"),
                "panicThreshold",
                0.0,
                "slowStart",
                Map.of("window", "PT1M", "aggression", 2)));
        assertThat(config.tags())
                .containsExactly(new TagRule(
                        "version",
                        Metadata.Key.of("x-version", Metadata.ASCII_STRING_MARSHALLER),
                        true,
                        Map.of("v2", 5.0)));
        assertThat(config.zone()).isEqualTo(new ZoneRouting("a", 1.4));
        assertThat(config.panicThreshold()).isZero();
        assertThat(config.slowStart()).isEqualTo(new SlowStart(Duration.ofMinutes(1), 2, 10));
    }

    @Test
    void namesTheWholePathOfWhatIsWrongInAStep() {
        assertRefused(
                Map.of("outlierDetection", Map.of("interval", "0s")),
                "outlierDetection.interval: '0s' (expected: a duration from 0.001s to 365 days, such as 10s or 0.5s)");
        assertRefused(
                Map.of("outlierDetection", Map.of("successRateEjection", Map.of("minimumHosts", 1.5))),
                "outlierDetection.successRateEjection.minimumHosts: 1.5"
                        + " (expected: a whole number from 1 to 2147483647)");
        assertRefused(
                Map.of("tags", List.of(Map.of("header", "x"))),
                "tags[0].key: null (expected: a metadata key, such as version)");
        assertRefused(
                Map.of("tags", List.of(Map.of("key", "version", "split", Map.of("v1", 60, "v2", 60)))),
                "tags[0].split: {v1=60.0, v2=60.0} (expected: no more than 100 in all)");
        assertRefused(Map.of("tags", "v2"), "tags: 'v2' (expected: a list of objects)");
        assertRefused(Map.of("zone", Map.of()), "zone.own: null (expected: the client's zone)");
        assertRefused(Map.of("panicThreshold", 101), "panicThreshold: 101 (expected: a whole number from 0 to 100)");
        assertRefused(
                Map.of("slowStart", Map.of("window", 30)),
                "slowStart.window: 30 (expected: a duration from 0.001s to 365 days, such as 10s or 0.5s)");
        assertRefused(
                Map.of("slowStart", Map.of("aggression", Double.NaN)),
                "slowStart.aggression: NaN (expected: a number from 0.1 to 10.0)");
    }

    private static void assertRefused(Map<String, ?> raw, String message) {
        assertThatThrownBy(() -> LbConfig.parse(raw))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
