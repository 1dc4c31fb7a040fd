package io.github.grpclb.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.EtcdProcess;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.RawEtcd;
import io.github.grpclb.testing.TcpProxy;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.boot.Banner;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** What was opened is closed. */
@Tag("long")
@Tag("leaks")
class LeaksIT {

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    @RegisterExtension
    final Scene scene = new Scene();

    private Duration slowestClose = Duration.ZERO;

    @Test
    @FaultRow(51)
    void aHundredApplicationsComeAndGo() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        comeAndGo(etcd, 20);
        Footprint before = Footprint.of(etcd, operator);
        comeAndGo(etcd, 100);
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    Footprint after = Footprint.of(etcd, operator);
                    after.requireNoMoreThan(before);
                    System.out.printf(
                            "chaos: before %s; after 100 servers and clients %s; slowest close %d ms%n",
                            before, after, slowestClose.toMillis());
                });
        assertThat(operator.all()).isEmpty();
        assertThat(operator.leases()).isZero();
        assertThat(etcd.metric("etcd_debugging_mvcc_watch_stream_total")).isZero();
        assertThat(slowestClose).isLessThanOrEqualTo(CLOSE_LIMIT);
    }

    @Test
    @FaultRow(13)
    void connectionsFlapTwoHundredTimes() {
        EtcdProcess etcd = scene.etcd();
        RawEtcd operator = scene.operator(etcd);
        TcpProxy proxy = scene.add(TcpProxy.to(etcd.endpoint()));
        scene.registry(proxy.endpoint());
        scene.add(server(proxy.endpoint().toString()));
        LoadClient client = scene.load(50);
        flap(proxy, 20);
        awaitCalm(etcd);
        Footprint before = Footprint.of(etcd, operator);
        flap(proxy, 200);
        client.take().allSucceeded(1000);
        awaitCalm(etcd);
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    Footprint after = Footprint.of(etcd, operator);
                    after.requireNoMoreThan(before);
                    System.out.printf("chaos: before %s; after 200 flaps %s%n", before, after);
                });
        assertThat(operator.all()).hasSize(1);
    }

    private void flap(TcpProxy proxy, int times) {
        for (int i = 0; i < times; i++) {
            int connections = proxy.accepted();
            proxy.reset();
            await().atMost(Scene.RECOVERY)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() -> proxy.accepted() > connections);
            Scene.during(Duration.ofMillis(scene.random().nextInt(300)));
        }
    }

    /** Waits until the watch of the client is live again; the server has none. */
    private static void awaitCalm(EtcdProcess etcd) {
        await().atMost(Scene.RECOVERY).until(() -> etcd.metric("etcd_debugging_mvcc_watcher_total") == 1);
    }

    private void comeAndGo(EtcdProcess etcd, int times) {
        for (int i = 0; i < times; i++) {
            ConfigurableApplicationContext server = server(etcd.endpoint().toString());
            LoadClient client = LoadClient.start(Scene.SERVICE, "grpc.lb.etcd.endpoints=" + etcd.endpoint());
            await().atMost(Scene.RECOVERY).until(() -> !client.call().failed());
            close(client);
            close(server);
        }
    }

    private void close(AutoCloseable application) {
        long begun = System.nanoTime();
        try {
            application.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        slowestClose = took.compareTo(slowestClose) > 0 ? took : slowestClose;
    }

    private static ConfigurableApplicationContext server(String etcd) {
        ConfigurableApplicationContext context = new SpringApplicationBuilder(
                        Host.current().server())
                .web(WebApplicationType.NONE)
                .bannerMode(Banner.Mode.OFF)
                .logStartupInfo(false)
                .registerShutdownHook(false)
                .properties(Map.of(
                        Host.current().serverProperty("port"),
                        "0",
                        Host.current().serverProperty("address"),
                        "127.0.0.1",
                        "grpc.lb.registration.service",
                        Scene.SERVICE,
                        "grpc.lb.registration.ttl",
                        Scene.TTL.toSeconds() + "s",
                        "grpc.lb.registration.drain.quiet-period",
                        "10ms",
                        "grpc.lb.etcd.endpoints",
                        etcd))
                .run();
        assertThat(context.getBean(ServerLifecycle.class)
                        .registration()
                        .orElseThrow()
                        .registered())
                .succeedsWithin(Scene.RECOVERY);
        return context;
    }
}
