package io.github.grpclb.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.balancer.ExplainedChannel;
import io.github.grpclb.balancer.Explainer;
import io.github.grpclb.balancer.LiveEndpoints;
import io.github.grpclb.balancer.config.LbConfig;
import io.github.grpclb.balancer.explain.Reason;
import io.github.grpclb.balancer.explain.Verdict;
import io.github.grpclb.discovery.Endpoint;
import io.github.grpclb.load.EndpointLoads;
import io.github.grpclb.load.LoadObservation;
import io.github.grpclb.testing.FakeEndpointSource;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.TestServer;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Real channels as they are seen: before their first call, in use, idle, and when they are over. */
class ChannelViewIT {

    @AutoClose
    private final Opened opened = new Opened();

    private final FakeEndpointSource source = new FakeEndpointSource();
    private final LiveEndpoints live = new LiveEndpoints();
    private final EndpointLoads loads = new EndpointLoads();
    private final Explainer explainer = new Explainer(live, new LoadObservation(loads));

    @Test
    void isSeenFromItsBirthToItsEnd() {
        TestServer server = opened.add(TestServer.start("a"));
        ManagedChannel channel = build(LbConfig.DEFAULT);
        assertThat(explained().state()).isEqualTo(ConnectivityState.IDLE);
        assertThat(explained().reason()).startsWith("not used for ").endsWith(": the first call connects it");
        channel.getState(true);
        await().untilAsserted(() -> assertThat(explained().state()).isEqualTo(ConnectivityState.CONNECTING));
        assertThat(explained().reason()).startsWith("no list of servers has come for ");
        source.publish("svc", FakeEndpointSource.endpoint("svc", server).build());
        await().untilAsserted(() -> assertThat(explained().state()).isEqualTo(ConnectivityState.READY));
        channel.enterIdle();
        await().untilAsserted(() -> assertThat(explained().state()).isEqualTo(ConnectivityState.IDLE));
        assertThat(explained().reason()).startsWith("idle for ").endsWith(": the next call connects it");
        assertThat(explained().policy()).isEqualTo("round_robin");
        assertThat(explained().endpoints()).isEmpty();
        assertThat(live.channels()).isEmpty();
        channel.getState(true);
        await().untilAsserted(() -> assertThat(explained().endpoints()).hasSize(1));
        channel.shutdownNow();
        await().untilAsserted(() -> assertThat(all()).isEmpty());
    }

    @Test
    void isGoneWhereItEndsUnused() {
        ManagedChannel channel = build(LbConfig.DEFAULT);
        assertThat(all()).hasSize(1);
        channel.shutdown();
        await().untilAsserted(() -> assertThat(all()).isEmpty());
    }

    /** The word of gRPC's client of the health service tells it from a server that is away. */
    @Test
    void tellsAServerThatDoesNotServe() throws Exception {
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus("svc", ServingStatus.NOT_SERVING);
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(health.getHealthService())
                .build()
                .start();
        opened.add((AutoCloseable) server::shutdownNow);
        TestServer away = opened.add(TestServer.start("away"));
        int gone = away.port();
        away.close();
        source.publish(
                "svc",
                Endpoint.builder("svc", "127.0.0.1", server.getPort()).build(),
                Endpoint.builder("svc", "127.0.0.1", gone).build());
        ManagedChannel channel = build(LbConfig.parse(Map.of("healthCheck", Map.of("serviceName", "svc"))));
        channel.getState(true);
        await().untilAsserted(() -> assertThat(reasons()).containsExactly(Reason.UNHEALTHY, Reason.FAILING));
        health.setStatus("svc", ServingStatus.SERVING);
        await().untilAsserted(() -> assertThat(reasons()).containsExactly(Reason.FAILING));
    }

    private List<Reason> reasons() {
        return explained().endpoints().stream()
                .flatMap(each -> each.verdicts().stream())
                .filter(each -> !each.passes())
                .map(Verdict::reason)
                .toList();
    }

    private ExplainedChannel explained() {
        assertThat(all()).hasSize(1);
        return all().get(0);
    }

    private List<ExplainedChannel> all() {
        return explainer.explain(new Explainer.Selection(null, null, null, null, 0, 10));
    }

    private ManagedChannel build(LbConfig config) {
        ManagedChannel channel = builder(config).build();
        opened.add((AutoCloseable) channel::shutdownNow);
        return channel;
    }

    private ManagedChannelBuilder<?> builder(LbConfig config) {
        ManagedChannelBuilder<?> builder = Grpc.newChannelBuilder("etcd:///svc", InsecureChannelCredentials.create());
        ChannelSetup.of(source)
                .live(live)
                .loads(loads)
                .clients(client -> new ClientSettings(config, Duration.ZERO, List.of(), 0))
                .build()
                .prepare(builder, "caller");
        return builder;
    }
}
