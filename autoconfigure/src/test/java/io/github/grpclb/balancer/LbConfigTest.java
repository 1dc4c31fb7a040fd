package io.github.grpclb.balancer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.grpclb.balancer.LbConfig.ServerIdMode;
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
    void readsAllFieldsAndIgnoresOthers() {
        LbConfig config = LbConfig.parse(Map.of(
                "policy",
                "weighted_random",
                "options",
                Map.of("choiceCount", 2),
                "serverId",
                Map.of("mode", "fallback", "header", "X-Server-Id", "new", true),
                "later",
                1L));
        assertThat(config.policy()).isEqualTo("weighted_random");
        assertThat(config.options()).isEqualTo(Map.of("choiceCount", 2));
        assertThat(config.serverIdMode()).isEqualTo(ServerIdMode.FALLBACK);
        assertThat(config.serverIdHeader().name()).isEqualTo("x-server-id");
    }

    @Test
    void isEqualWhereTheFieldsAre() {
        Map<String, ?> raw = Map.of("serverId", Map.of("header", "x-server-id"));
        assertThat(LbConfig.parse(raw)).isEqualTo(LbConfig.parse(raw));
    }

    @Test
    void namesFieldValueAndExpectationOfWhatIsWrong() {
        assertRefused(Map.of("policy", 3), "policy: '3' (expected: the name of a policy)");
        assertRefused(Map.of("policy", " "), "policy: ' ' (expected: the name of a policy)");
        assertRefused(Map.of("options", "fast"), "options: 'fast' (expected: an object)");
        assertRefused(Map.of("options", Map.of(1, 2)), "options: '{1=2}' (expected: an object)");
        assertRefused(
                Map.of("serverId", Map.of("mode", "loose")),
                "serverId.mode: 'loose' (expected: 'strict' or 'fallback')");
        assertRefused(
                Map.of("serverId", Map.of("header", "x id")),
                "serverId.header: 'x id' (expected: a gRPC header's name that does not end in -bin)");
    }

    private static void assertRefused(Map<String, ?> raw, String message) {
        assertThatThrownBy(() -> LbConfig.parse(raw))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }
}
