package io.github.grpclb.balancer.pick;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.discovery.LogLimit;
import io.github.grpclb.policy.Policy;
import io.github.grpclb.policy.builtin.Policies;
import io.github.grpclb.testing.CapturedLog;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(CapturedLog.Extension.class)
class PolicyFailuresTest {

    private static final Policy BROKEN = Policies.with(List.of()).create("random", Map.of());

    @Test
    void areLoggedOncePerContextHoweverManyChannelsItHas(CapturedLog output) {
        LogLimit ofContext = new LogLimit(() -> 0);
        for (int i = 0; i < 3; i++) {
            PolicyFailures ofChannel = new PolicyFailures(ofContext);
            ofChannel.report(BROKEN, new IllegalStateException("policy"));
            ofChannel.report(BROKEN, new IllegalStateException("policy"));
        }
        assertThat(output.toString().split("said once", -1)).hasSize(2);
        new PolicyFailures(new LogLimit(() -> 0)).report(BROKEN, new IllegalStateException("policy"));
        assertThat(output.toString().split("said once", -1)).hasSize(3);
    }
}
