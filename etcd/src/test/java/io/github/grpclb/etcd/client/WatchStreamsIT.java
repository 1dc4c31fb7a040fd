package io.github.grpclb.etcd.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.discovery.EndpointRegistrar.Registration;
import io.github.grpclb.discovery.EndpointRegistrar.Registration.State;
import io.github.grpclb.discovery.EndpointSource;
import io.github.grpclb.discovery.RegistryObserver;
import io.github.grpclb.discovery.RegistryObserver.Restart;
import io.github.grpclb.etcd.LatestList;
import io.github.grpclb.etcd.announce.EtcdRegistrar;
import io.github.grpclb.etcd.follow.EtcdEndpointSource;
import io.github.grpclb.testing.CapturedLog;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.EtcdServers;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.RawEtcd;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** An etcd that allows a connection few streams, and a client that follows many services. */
@ExtendWith(CapturedLog.Extension.class)
class WatchStreamsIT {

    private static final String OWN_KEY = "/grpclb/own/127.0.0.1:8001";
    private static final Duration TTL = Duration.ofSeconds(2);
    private static final Duration SOON = Duration.ofSeconds(2);

    @AutoClose
    private final Opened opened = new Opened();

    private final List<Restart> restarts = new CopyOnWriteArrayList<>();
    private final RegistryObserver observer = new RegistryObserver() {
        @Override
        public void watchRestarted(String service, Restart reason) {
            restarts.add(reason);
        }
    };

    private EtcdProcess etcd;
    private RawEtcd operator;
    private EtcdEndpointSource source;
    private Registration registration;

    @Test
    void moreServicesThanStreamsAreFollowedAtOnceAndTheOwnKeyStays() {
        start("--max-concurrent-streams=16");
        List<LatestList> lists = follow(150);
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> assertThat(lists)
                .allSatisfy(each -> assertThat(each.count()).isEqualTo(1)));
        for (int i = 0; i < lists.size(); i++) {
            operator.put("/grpclb/s" + i + "/127.0.0.1:9001", "127.0.0.1:9001");
        }
        await().atMost(SOON).untilAsserted(() -> assertThat(lists)
                .allSatisfy(each -> assertThat(each.endpoints()).hasSize(1)));
        long lease = operator.lease(OWN_KEY);
        await().during(TTL.multipliedBy(3)).atMost(TTL.multipliedBy(4)).until(() -> operator.lease(OWN_KEY) == lease);
        assertThat(restarts).isEmpty();
    }

    @Test
    void watchesThatShareAStreamEndAlone() {
        start();
        LatestList a = new LatestList();
        LatestList b = new LatestList();
        EndpointSource.Subscription ofA = source.subscribe("a", a);
        EndpointSource.Subscription ofB = source.subscribe("b", b);
        await().untilAsserted(() ->
                assertThat(etcd.metric("etcd_debugging_mvcc_watcher_total")).isEqualTo(2));
        assertThat(etcd.metric("etcd_debugging_mvcc_watch_stream_total")).isEqualTo(1);
        ofA.close();
        await().untilAsserted(() ->
                assertThat(etcd.metric("etcd_debugging_mvcc_watcher_total")).isEqualTo(1));
        operator.put("/grpclb/b/127.0.0.1:9001", "127.0.0.1:9001");
        await().untilAsserted(() -> assertThat(b.endpoints()).hasSize(1));
        ofB.close();
        await().untilAsserted(() -> assertThat(etcd.metric("etcd_debugging_mvcc_watch_stream_total"))
                .isZero());
        assertThat(restarts).isEmpty();
    }

    @Test
    void aLimitThatIsTooLowIsNamed(CapturedLog output) {
        start("--max-concurrent-streams=1");
        follow(1);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> output.toString().contains("takes no further call beside 1 streams of watches"));
    }

    private void start(String... arguments) {
        etcd = opened.add(EtcdServers.startProcess(arguments));
        operator = opened.add(new RawEtcd(etcd.endpoint()));
        EtcdConnection connection =
                opened.add(new EtcdConnection(EtcdOptions.of(etcd.endpoint().toString())));
        EtcdRegistrar registrar = opened.add(new EtcdRegistrar(connection, TTL, Duration.ofSeconds(3), observer));
        source = opened.add(new EtcdEndpointSource(connection, Duration.ZERO, observer));
        registration =
                registrar.register(Endpoint.builder("own", "127.0.0.1", 8001).build());
        await().until(() -> registration.state() == State.REGISTERED);
    }

    private List<LatestList> follow(int services) {
        return IntStream.range(0, services)
                .mapToObj(i -> {
                    LatestList list = new LatestList();
                    source.subscribe("s" + i, list);
                    return list;
                })
                .toList();
    }
}
