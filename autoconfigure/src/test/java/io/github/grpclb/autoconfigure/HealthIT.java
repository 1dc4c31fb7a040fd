package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.actuate.ExplainSection;
import io.github.grpclb.actuate.GrpcLbEndpoint;
import io.github.grpclb.actuate.TimelineSection;
import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.server.ServerLifecycle;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.timeline.Timeline;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;

/** What health says while servers leave, and while there are none. */
class HealthIT {

    private static final String[] EXPOSED = {
        "spring.jmx.enabled=true", "management.endpoints.jmx.exposure.include=grpclb"
    };

    @AutoClose
    private final Opened opened = new Opened();

    @Test
    void aChannelThatWaitsForEtcdIsNotDown() {
        ConfigurableApplicationContext client =
                opened.add(client("grpc.lb.etcd.endpoints=http://127.0.0.1:1", EXPOSED[0], EXPOSED[1]));
        fails(client);
        HealthIndicator health = client.getBean("grpcChannelHealthIndicator", HealthIndicator.class);
        await().untilAsserted(() -> assertThat(health.health().getDetails())
                .extractingByKey("greeter")
                .asString()
                .startsWith("TRANSIENT_FAILURE: etcd:///greeter: discovery not ready: etcd unreachable"));
        assertThat(health.health().getStatus()).isEqualTo(Status.UNKNOWN);
        assertThat(client.getBean(GrpcLbEndpoint.class).describe().clients())
                .singleElement()
                .satisfies(channel -> {
                    assertThat(channel.client()).isEqualTo("greeter");
                    assertThat(channel.endpoints()).isEmpty();
                    assertThat(channel.reason()).contains("etcd unreachable");
                });
        assertThat(section(client, "explain"))
                .isInstanceOfSatisfying(ExplainSection.Answer.class, answer -> assertThat(answer.channels())
                        .extracting(channel -> channel.service() + " " + channel.state())
                        .as("one that nobody has used yet is there, too")
                        .containsExactly("cluster@callee IDLE", "greeter TRANSIENT_FAILURE"));
        assertThat(section(client, "timeline"))
                .isInstanceOfSatisfying(TimelineSection.Answer.class, answer -> assertThat(answer.events())
                        .extracting(TimelineSection.Event::kind)
                        .contains(Timeline.Kind.REGISTRY_AWAY));
    }

    private static Object section(ConfigurableApplicationContext client, String name) {
        return client.getBean(GrpcLbEndpoint.class).section(name, null, null, null, null, null, null, null, null, null);
    }

    @Test
    void norIsOneWhoseServiceNobodyRegistered() {
        EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
        ConfigurableApplicationContext client =
                opened.add(client("grpc.lb.etcd.endpoints=" + etcd.endpoint(), EXPOSED[0], EXPOSED[1]));
        fails(client);
        await().untilAsserted(() -> assertThat(client.getBean("grpcChannelHealthIndicator", HealthIndicator.class)
                        .health()
                        .getStatus())
                .isEqualTo(Status.UNKNOWN));
        assertThat(client.getBean(GrpcLbEndpoint.class).describe().clients())
                .singleElement()
                .satisfies(channel ->
                        assertThat(channel.reason()).isEqualTo("etcd:///greeter: no endpoint is registered"));
    }

    @Test
    void oneWhoseServersCannotBeReachedIsOutOfService() {
        ConfigurableApplicationContext client = opened.add(client("grpc.lb.static.greeter=127.0.0.1:1"));
        fails(client);
        await().untilAsserted(() -> assertThat(client.getBean("grpcChannelHealthIndicator", HealthIndicator.class)
                        .health()
                        .getStatus())
                .isEqualTo(Status.OUT_OF_SERVICE));
    }

    @ParameterizedTest
    @CsvSource({
        "management.health.grpc-channel.enabled, grpcChannelHealthIndicator",
        "management.health.grpcChannel.enabled,  grpcChannelHealthIndicator",
        "management.health.grpc-lb.enabled,      grpcLbHealthIndicator",
        "management.health.grpcLb.enabled,       grpcLbHealthIndicator"
    })
    void itsIndicatorsCanBeSwitchedOff(String property, String bean) {
        assertThat(opened.add(client(property + "=true")).containsBean(bean)).isTrue();
        assertThat(opened.add(client(property + "=false")).containsBean(bean)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "test.Who"})
    void aServerThatDrainsSaysNotServing(String service) throws Exception {
        EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
        // who is alone does not drain
        opened.add(server("grpc.lb.etcd.endpoints=" + etcd.endpoint(), "grpc.lb.registration.id=other"));
        ConfigurableApplicationContext server = opened.add(server(
                "grpc.lb.etcd.endpoints=" + etcd.endpoint(),
                "grpc.lb.registration.id=a",
                "grpc.lb.registration.drain.quiet-period=2s",
                "grpc.server.shutdown-grace-period=0s"));
        HealthStatusManager manager = server.getBean(HealthStatusManager.class);
        manager.setStatus("test.Who", ServingStatus.SERVING);
        manager.setStatus("grpc.health.v1.Health", ServingStatus.NOT_SERVING);
        ServerLifecycle registration = server.getBean(ServerLifecycle.class);
        await().until(() ->
                registration.registration().orElseThrow().registered().isDone());
        List<ServingStatus> seen = new CopyOnWriteArrayList<>();
        ManagedChannel channel = channel(server);
        HealthGrpc.newStub(channel).watch(request(service), into(seen));
        await().until(() -> seen.equals(List.of(ServingStatus.SERVING)));
        Thread stopping = new Thread(server::stop);
        stopping.start();
        await().until(() -> seen.equals(List.of(ServingStatus.SERVING, ServingStatus.NOT_SERVING)));
        // it drains: it is still there, and still serves
        assertThat(stopping.isAlive()).isTrue();
        assertThat(HealthGrpc.newBlockingStub(channel).check(request(service)).getStatus())
                .isEqualTo(ServingStatus.NOT_SERVING);
        stopping.join();
        server.start();
        ManagedChannel again = channel(server);
        assertThat(HealthGrpc.newBlockingStub(again).check(request(service)).getStatus())
                .isEqualTo(ServingStatus.SERVING);
        assertThat(HealthGrpc.newBlockingStub(again)
                        .check(request("grpc.health.v1.Health"))
                        .getStatus())
                .isEqualTo(ServingStatus.NOT_SERVING);
    }

    private static void fails(ConfigurableApplicationContext client) {
        assertThatThrownBy(() ->
                        client.getBean(Caller.class).ask(CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS)))
                .hasMessageContaining("UNAVAILABLE");
    }

    private ManagedChannel channel(ConfigurableApplicationContext server) {
        ManagedChannel channel = NettyChannelBuilder.forAddress(
                        "127.0.0.1", server.getBean(GrpcServerProperties.class).getPort())
                .usePlaintext()
                .build();
        AutoCloseable closing = channel::shutdownNow;
        opened.add(closing);
        return channel;
    }

    private static HealthCheckRequest request(String service) {
        return HealthCheckRequest.newBuilder().setService(service).build();
    }

    private static StreamObserver<HealthCheckResponse> into(List<ServingStatus> seen) {
        return new StreamObserver<>() {
            @Override
            public void onNext(HealthCheckResponse response) {
                seen.add(response.getStatus());
            }

            @Override
            public void onError(Throwable end) {}

            @Override
            public void onCompleted() {}
        };
    }
}
