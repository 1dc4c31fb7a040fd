package io.github.grpclb.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.client.EtcdConnection;
import io.github.grpclb.etcd.client.EtcdOptions;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.EtcdGrpcProxy;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Behind {@code etcd grpc-proxy}. */
class GrpcProxyIT {

    private static final String KEY = "/grpclb/greeter/127.0.0.1:8001";
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration RECOVERY = Duration.ofSeconds(6);

    @AutoClose
    private final Opened opened = new Opened();

    private final EtcdProcess etcd = opened.add(EtcdServers.startProcess());
    private final EtcdGrpcProxy proxy = opened.add(EtcdGrpcProxy.launch(etcd.endpoint()));
    private final RawEtcd operator = opened.add(new RawEtcd(etcd.endpoint()));
    private final EtcdConnection connection =
            opened.add(new EtcdConnection(EtcdOptions.of(proxy.endpoint().toString())));
    private final AtomicInteger restarts = new AtomicInteger();
    private final RegistryObserver observer = new RegistryObserver() {
        @Override
        public void watchRestarted(String service, Restart reason) {
            restarts.incrementAndGet();
        }
    };
    private final EtcdRegistrar registrar =
            opened.add(new EtcdRegistrar(connection, TTL, Duration.ofSeconds(3), observer));
    private final EtcdEndpointSource source =
            opened.add(new EtcdEndpointSource(connection, Duration.ofHours(1), observer));
    private final LatestList list = new LatestList();

    @Test
    @FaultRow(52)
    void holdsARegistrationOverManyLifetimesOfItsLease() {
        Registration registration = registered();
        long lease = operator.lease(KEY);
        await().during(TTL.multipliedBy(4))
                .atMost(TTL.multipliedBy(5))
                .until(() -> operator.all().containsKey(KEY) && operator.lease(KEY) == lease);
        assertThat(registration.state()).isEqualTo(State.REGISTERED);
    }

    @Test
    @FaultRow(52)
    void followsChangesWithoutTakingTheProxyForSilent() {
        registered();
        source.subscribe("greeter", list);
        await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
        await().during(Duration.ofSeconds(8)).atMost(Duration.ofSeconds(10)).until(() -> restarts.get() == 0);
        operator.put("/grpclb/greeter/127.0.0.1:8002", "127.0.0.1:8002");
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(list.endpoints()).hasSize(2));
        assertThat(proxy.isRunning()).isTrue();
    }

    @Test
    @FaultRow(52)
    void isBackWhenTheProxyIs() {
        registered();
        source.subscribe("greeter", list);
        await().untilAsserted(() -> assertThat(list.endpoints()).hasSize(1));
        proxy.kill();
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(operator.all()).doesNotContainKey(KEY));
        proxy.start();
        await().atMost(RECOVERY).untilAsserted(() -> assertThat(operator.all()).containsKey(KEY));
        operator.put("/grpclb/greeter/127.0.0.1:8002", "127.0.0.1:8002");
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(list.endpoints()).hasSize(2));
    }

    private Registration registered() {
        Registration registration = registrar.register(Endpoint.builder("greeter", "127.0.0.1", 8001)
                .id("a")
                .startedAt(1000)
                .build());
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(registration.state()).isEqualTo(State.REGISTERED));
        return registration;
    }
}
