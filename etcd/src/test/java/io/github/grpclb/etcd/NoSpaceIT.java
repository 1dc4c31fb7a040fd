package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.Status;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Registration where a real etcd has used up its quota. */
class NoSpaceIT {

    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration RECOVERY = Duration.ofSeconds(6);
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    @FaultRow(16)
    void saysNoSpaceKeepsWhatIsThereAndIsBackOnceThereIsRoom() {
        try (EtcdProcess etcd = EtcdServers.startProcess("--quota-backend-bytes=16777216");
                RawEtcd operator = new RawEtcd(etcd.endpoint());
                EtcdConnection connection =
                        new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString()));
                EtcdRegistrar registrar =
                        new EtcdRegistrar(connection, TTL, Duration.ofSeconds(3), RegistryObserver.NONE)) {
            Registration before = registrar.register(endpoint(8001));
            await().atMost(LIMIT)
                    .untilAsserted(() -> assertThat(before.status().visible()).isTrue());
            assertThat(before.status().lag()).isBetween(Duration.ZERO, LIMIT);
            operator.fill();

            Registration late = registrar.register(endpoint(8002));
            await().atMost(LIMIT).untilAsserted(() -> assertThat(late.status().reason())
                    .contains("NOSPACE", "database space exceeded"));
            Status status = late.status();
            assertThat(status.state()).isEqualTo(State.PENDING);
            assertThat(status.visible()).isFalse();
            await().pollDelay(TTL.multipliedBy(2)).atMost(LIMIT).untilAsserted(() -> assertThat(operator.all())
                    .containsKey("/grpclb/greeter/127.0.0.1:8001")
                    .doesNotContainKey("/grpclb/greeter/127.0.0.1:8002"));
            assertThat(before.state()).isEqualTo(State.REGISTERED);

            operator.makeRoom();
            await().atMost(RECOVERY).untilAsserted(() -> assertThat(late.status())
                    .matches(Status::visible, "visible")
                    .matches(now -> now.reason() == null, "no reason"));
            assertThat(operator.all()).containsKey("/grpclb/greeter/127.0.0.1:8002");
        }
    }

    private static Endpoint endpoint(int port) {
        return Endpoint.builder("greeter", "127.0.0.1", port)
                .id("s" + port)
                .startedAt(1000)
                .build();
    }
}
