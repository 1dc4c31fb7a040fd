package io.github.grpclb.etcd.announce;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.etcd.client.EtcdApi;
import io.github.grpclb.testing.FaultRow;
import java.time.Duration;
import org.junit.jupiter.api.Test;

@FaultRow(29)
class KeyConflictTest {

    private final KeyConflict conflict = new KeyConflict(1, null);

    @Test
    void seesRenewalsThatComeOnTheBeatOfItsLooks() {
        assertThat(isRenewed(4, 0)).isFalse();
        assertThat(isRenewed(4, 1_667)).isTrue();
    }

    @Test
    void takesALeaseThatRunsOutForWhatItIs() {
        // 4.9 s are told as 4, then as each whole second that is left
        assertThat(isRenewed(4, 0)).isFalse();
        assertThat(isRenewed(4, 850)).isFalse();
        assertThat(isRenewed(3, 1_200)).isFalse();
        assertThat(isRenewed(2, 2_500)).isFalse();
        assertThat(isRenewed(0, 4_850)).isFalse();
    }

    private boolean isRenewed(int secondsLeft, long millis) {
        return conflict.isRenewed(
                new EtcdApi.TimeToLive(Duration.ofSeconds(secondsLeft), Duration.ofSeconds(5)), millis * 1_000_000);
    }
}
