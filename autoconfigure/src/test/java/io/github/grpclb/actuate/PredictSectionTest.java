package io.github.grpclb.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.balancer.ChannelCopies;
import io.github.grpclb.balancer.dryrun.DryRun;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;

/** Shows what the section is asked by, and what it refuses. */
class PredictSectionTest {

    private final GrpcLbEndpoint endpoint = new GrpcLbEndpoint(
            null, null, null, List.of(new PredictSection(new DryRun(new ChannelCopies(), DryRun.PolicyOptions.NONE))));

    private @Nullable Object predict(@Nullable String service, @Nullable String call, @Nullable String change) {
        return endpoint.section("predict", service, null, null, null, null, null, null, call, change);
    }

    @Test
    void saysWhyItCanPredictNothing() {
        assertThat(predict("greeter", "serverId=b", "policy=random"))
                .isInstanceOfSatisfying(PredictSection.Answer.class, answer -> {
                    assertThat(answer.version()).isEqualTo(1);
                    assertThat(answer.service()).isEqualTo("greeter");
                    assertThat(answer.picks()).isEqualTo(10_000);
                    assertThat(answer.steps()).isEmpty();
                    assertThat(answer.before()).isNull();
                    assertThat(answer.reason()).startsWith("no channel for service 'greeter' is in use");
                });
    }

    @ParameterizedTest
    @CsvSource({
        "server=b,           , call: 'server=b' (expected: header.<name>=<value>",
        "       , weight.b=-1, weight.b: '-1' (expected: 0 to 1000000)",
        "       , disabled.b=, 'change: ''disabled.b='' (expected: weight.<id or address>=<weight>'"
    })
    void refusesWhatItDoesNotKnow(@Nullable String call, @Nullable String change, String message) {
        assertThat(predict(null, call, change)).isInstanceOfSatisfying(WebEndpointResponse.class, refused -> {
            assertThat(refused.getStatus()).isEqualTo(400);
            assertThat(String.valueOf(refused.getBody())).contains("reason=" + message);
        });
    }
}
