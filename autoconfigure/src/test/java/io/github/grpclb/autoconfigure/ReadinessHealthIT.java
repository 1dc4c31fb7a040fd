package io.github.grpclb.autoconfigure;

import static io.github.grpclb.autoconfigure.TestApplications.client;
import static io.github.grpclb.autoconfigure.TestApplications.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.grpclb.autoconfigure.TestApplications.Caller;
import io.github.grpclb.etcd.embedded.EmbeddedEtcd;
import io.github.grpclb.testing.FaultRow;
import io.github.grpclb.testing.Opened;
import io.github.grpclb.testing.Ports;
import io.grpc.CallOptions;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import net.devh.boot.grpc.server.config.GrpcServerProperties;
import net.devh.boot.grpc.server.serverfactory.GrpcServerLifecycle;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.availability.AvailabilityChangeEvent;
import org.springframework.boot.availability.ReadinessState;
import org.springframework.boot.health.actuate.endpoint.HealthEndpoint;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;

/** What the readiness probe is told of servers and clients, where it is to know. */
@ExtendWith(OutputCaptureExtension.class)
class ReadinessHealthIT {

    private static final String ENABLED = "management.health.grpc-lb-readiness.enabled=true";
    private static final String[] PROBED = {
        ENABLED,
        "management.endpoint.health.group.readiness.include=readinessState,grpcLbReadiness",
        "management.endpoint.health.probes.enabled=true",
        "spring.jmx.enabled=true",
        "management.endpoints.jmx.exposure.include=health",
        "grpc.lb.registration.drain.quiet-period=50ms"
    };

    @AutoClose
    private final Opened opened = new Opened();

    private final EmbeddedEtcd etcd = opened.add(EmbeddedEtcd.start("127.0.0.1", 0));
    private final String at = "grpc.lb.etcd.endpoints=" + etcd.endpoint();

    @Test
    void isOffUnlessItIsSwitchedOn() {
        String bean = ReadinessSettings.INDICATOR;
        assertThat(opened.add(server(at)).containsBean(bean)).isFalse();
        assertThat(opened.add(server(at, "management.health.grpcLbReadiness.enabled=true"))
                        .containsBean(bean))
                .isTrue();
        assertThat(opened.add(server(ENABLED, "grpc.lb.enabled=false")).containsBean(bean))
                .isFalse();
    }

    @Test
    @FaultRow(1)
    void aServerIsReadyOnceEtcdShowsItAndStaysSo() {
        EmbeddedEtcd later = EmbeddedEtcd.start("127.0.0.1", 0);
        URI endpoint = later.endpoint();
        later.close();
        Ports.awaitFree(endpoint.getPort());
        ConfigurableApplicationContext server = opened.add(server(probed("grpc.lb.etcd.endpoints=" + endpoint)));
        assertThat(detail(server)).asString().startsWith("PENDING");
        assertThat(readiness(server)).isEqualTo(Status.OUT_OF_SERVICE);

        try (EmbeddedEtcd up = EmbeddedEtcd.start("127.0.0.1", endpoint.getPort())) {
            assertThat(up.endpoint()).isEqualTo(endpoint);
            await().untilAsserted(() -> assertThat(readiness(server)).isEqualTo(Status.UP));
        }
        HealthIndicator registry = server.getBean("grpcLbHealthIndicator", HealthIndicator.class);
        await().untilAsserted(() -> assertThat(registry.health().getStatus()).isEqualTo(Status.UNKNOWN));
        assertThat(readiness(server)).as("etcd away, the server is not").isEqualTo(Status.UP);
    }

    @Test
    void aServerThatStoppedIsNotReady() {
        ConfigurableApplicationContext server = opened.add(server(probed(at)));
        await().untilAsserted(() -> assertThat(readiness(server)).isEqualTo(Status.UP));
        GrpcServerLifecycle lifecycle = server.getBean(GrpcServerLifecycle.class);
        lifecycle.stop();
        assertThat(detail(server)).isEqualTo("STOPPED");
        assertThat(readiness(server)).isEqualTo(Status.OUT_OF_SERVICE);
        Ports.awaitFree(server.getBean(GrpcServerProperties.class).getPort());
        lifecycle.start();
        await().untilAsserted(() -> assertThat(readiness(server)).isEqualTo(Status.UP));
    }

    /** Registration waits for the readiness state, which no health indicator takes part in; so neither waits for the other. */
    @Test
    void registrationMayWaitForTheReadinessStateAndTheProbeForTheRegistration() {
        ConfigurableApplicationContext server = opened.add(server(probed(at, "grpc.lb.registration.when=ready")));
        await().untilAsserted(() -> assertThat(readiness(server)).isEqualTo(Status.UP));
        AvailabilityChangeEvent.publish(server, ReadinessState.REFUSING_TRAFFIC);
        await().untilAsserted(() -> assertThat(detail(server)).isEqualTo("DRAINING"));
        assertThat(readiness(server)).isEqualTo(Status.OUT_OF_SERVICE);
        AvailabilityChangeEvent.publish(server, ReadinessState.ACCEPTING_TRAFFIC);
        await().untilAsserted(() -> assertThat(readiness(server)).isEqualTo(Status.UP));
    }

    @Test
    void whoAnnouncesNobodyIsReady() {
        try (ConfigurableApplicationContext client = client(probed(at))) {
            assertThat(readiness(client)).isEqualTo(Status.UP);
        }
        ConfigurableApplicationContext silent = opened.add(server(probed(at, "grpc.lb.registration.enabled=false")));
        assertThat(detail(silent)).isNull();
        assertThat(readiness(silent)).isEqualTo(Status.UP);
    }

    @Test
    void aClientThatNobodyHasUsedYetIsReadyOnceItsServersAreListed() {
        ConfigurableApplicationContext client =
                opened.add(client(probed(at, "grpc.lb.clients.greeter.min-ready-endpoints=2")));
        assertThat(readiness(client)).isEqualTo(Status.OUT_OF_SERVICE);
        opened.add(server(at));
        await().untilAsserted(() -> assertThat(indicator(client).health().getDetails())
                .containsEntry("greeter", "1 of 2 endpoints of greeter"));
        assertThat(readiness(client)).isEqualTo(Status.OUT_OF_SERVICE);
        ConfigurableApplicationContext second = opened.add(server(at));
        await().untilAsserted(() -> assertThat(readiness(client)).isEqualTo(Status.UP));
        second.close();
        etcd.close();
        assertThat(readiness(client)).as("it has had them").isEqualTo(Status.UP);
    }

    @Test
    void aClientMayNeedOtherThanAll() {
        ConfigurableApplicationContext client = opened.add(
                client(probed(at, "grpc.lb.min-ready-endpoints=2", "grpc.lb.clients.greeter.min-ready-endpoints=0")));
        assertThat(indicator(client).health().getDetails())
                .containsKey("cluster@callee")
                .doesNotContainKey("greeter");
    }

    @Test
    void aClientInUseIsReadyOnceItIsConnected() {
        ConfigurableApplicationContext client = opened.add(client(
                probed(at, "grpc.lb.static.greeter=127.0.0.1:1", "grpc.lb.clients.greeter.min-ready-endpoints=1")));
        assertThatThrownBy(() ->
                        client.getBean(Caller.class).ask(CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS)))
                .hasMessageContaining("UNAVAILABLE");
        assertThat(indicator(client).health().getDetails()).containsEntry("greeter", "0 of 1 endpoints of greeter");
        assertThat(readiness(client)).isEqualTo(Status.OUT_OF_SERVICE);
    }

    @Test
    void saysWhatHasNoEffect(CapturedOutput output) {
        opened.add(client(at, "grpc.lb.clients.greeter.min-ready-endpoints=1"));
        await().untilAsserted(() -> assertThat(output)
                .contains("grpc.lb.clients.greeter.min-ready-endpoints has no effect")
                .contains(ENABLED));
        opened.add(client(at, ENABLED));
        await().untilAsserted(() ->
                assertThat(output).contains("management.health.grpc-lb-readiness.enabled has no effect on a probe"));
    }

    @Test
    void saysNothingWhereAllIsSet(CapturedOutput output) {
        opened.add(client(
                probed(at, "grpc.lb.clients.greeter.min-ready-endpoints=1", "grpc.lb.clients.greter.policy=random")));
        await().untilAsserted(() -> assertThat(output).contains("grpc.lb.clients.greter has had no effect"));
        assertThat(output).doesNotContain("grpc-lb-readiness.enabled");
    }

    private static String[] probed(String... properties) {
        return Stream.concat(Stream.of(properties), Stream.of(PROBED)).toArray(String[]::new);
    }

    private static HealthIndicator indicator(ConfigurableApplicationContext context) {
        return context.getBean(ReadinessSettings.INDICATOR, HealthIndicator.class);
    }

    private static Object detail(ConfigurableApplicationContext context) {
        return indicator(context).health().getDetails().get("registration");
    }

    /** As the probe sees it. */
    private static Status readiness(ConfigurableApplicationContext context) {
        return context.getBean(HealthEndpoint.class).healthForPath("readiness").getStatus();
    }
}
