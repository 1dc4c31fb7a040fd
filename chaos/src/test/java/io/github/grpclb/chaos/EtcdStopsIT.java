package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** etcd is killed, or frozen. */
class EtcdStopsIT {

    @RegisterExtension
    final Scene scene = new Scene();

    @Test
    @FaultRow(3)
    void killedAndBackWithinTheTtl() {
        EtcdProcess etcd = scene.etcd();
        scene.servers(3);
        LoadClient client = scene.load(200);
        etcd.kill();
        Scene.during(Duration.ofMillis(1000 + scene.random().nextInt(1500)));
        etcd.start();
        RawEtcd operator = scene.operator(etcd);
        for (int i = 0; i < 20; i++) {
            assertThat(operator.all()).hasSize(3);
            Scene.during(Duration.ofMillis(500));
        }
        client.stop().allSucceeded(2000);
    }
}
